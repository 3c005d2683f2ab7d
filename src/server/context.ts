import type { Logger } from 'pino';
import type { Compute } from '../compute/index.js';
import type { AuditLog } from './audit/index.js';
import type { Authenticator, OpenIdTokens } from './auth/index.js';
import type { Batches } from './batches/index.js';
import type { ServerConfig } from './config.js';
import type { Services } from './services/index.js';
import type { Sessions } from './sessions/index.js';
import type { Snapshots } from './snapshots/index.js';
import type { Store } from './store/index.js';

/** Where a server is between its start and its end. It takes requests in all of them. */
export interface Phase {
  /** `starting` until the services that it had are there again. */
  current: 'starting' | 'ready' | 'stopping';
}

/** The parts of a running server, handed to its routes. Each part owns its own state. */
export interface ServerContext {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly phase: Phase;
  readonly compute: Compute;
  readonly store: Store;
  /** Absent in a user's own server. */
  readonly audit: AuditLog | undefined;
  readonly auth: Authenticator;
  /** The outside issuer whose tokens count, where one is configured. */
  readonly openid: OpenIdTokens | undefined;
  readonly snapshots: Snapshots;
  readonly sessions: Sessions;
  readonly services: Services;
  readonly batches: Batches;
}
