/** All routes of the server, one module per resource. */
import type { FastifyInstance } from 'fastify';
import type { ApiLevel } from '../config.js';
import type { ServerContext } from '../context.js';
import { authRoutes } from './auth.js';
import { channelRoutes } from './channel.js';
import { consumeRoutes } from './consume.js';
import { healthRoutes } from './health.js';
import { openapiRoutes } from './openapi.js';
import { serviceRoutes } from './services.js';
import { sessionDetailsRoutes } from './session-details.js';
import { sessionRoutes } from './sessions.js';
import { snapshotRoutes } from './snapshots.js';
import { statusRoutes } from './status.js';

type Routes = (app: FastifyInstance, context: ServerContext) => Promise<void>;

const ROUTES: readonly Routes[] = [
  authRoutes,
  sessionRoutes,
  snapshotRoutes,
  serviceRoutes,
  consumeRoutes,
  statusRoutes,
  openapiRoutes,
  healthRoutes,
];

/** The modules whose routes an API has. */
export function routesOf(api: ApiLevel): readonly Routes[] {
  return api === '9.1' ? ROUTES : [...ROUTES, sessionDetailsRoutes, channelRoutes];
}
