/** All routes of the server, one module per resource. */
import type { FastifyInstance } from 'fastify';
import type { ApiLevel } from '../config.js';
import type { ServerContext } from '../context.js';
import { authRoutes } from './auth.js';
import { batchRoutes } from './batches.js';
import { channelRoutes } from './channel.js';
import { computeNodeRoutes } from './compute-nodes.js';
import { consumeRoutes } from './consume.js';
import { healthRoutes } from './health.js';
import { openapiRoutes } from './openapi.js';
import { realtimeRoutes } from './realtime.js';
import { servicePoolRoutes } from './service-pools.js';
import { serviceRoutes } from './services.js';
import { sessionDetailsRoutes } from './session-details.js';
import { sessionRoutes } from './sessions.js';
import { snapshotRoutes } from './snapshots.js';
import { statusRoutes } from './status.js';

type Routes = (app: FastifyInstance, context: ServerContext) => Promise<void>;

/** Those of R Server 9.1, which all APIs have. */
const ROUTES: readonly Routes[] = [
  authRoutes,
  sessionRoutes,
  snapshotRoutes,
  serviceRoutes,
  realtimeRoutes,
  consumeRoutes,
  batchRoutes,
  statusRoutes,
  openapiRoutes,
  healthRoutes,
];

/** What 9.3 added. */
const ROUTES_OF_9_3: readonly Routes[] = [servicePoolRoutes, computeNodeRoutes];

/** What only Slipway's own clients know. */
const OWN_ROUTES: readonly Routes[] = [sessionDetailsRoutes, channelRoutes];

/** The modules whose routes an API has. */
export function routesOf(api: ApiLevel): readonly Routes[] {
  switch (api) {
    case '9.1':
      return ROUTES;
    case '9.3':
      return [...ROUTES, ...ROUTES_OF_9_3];
    case 'slipway':
      return [...ROUTES, ...ROUTES_OF_9_3, ...OWN_ROUTES];
  }
}
