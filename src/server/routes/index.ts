/** All routes of the server, one module per resource. */
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../context.js';
import { authRoutes } from './auth.js';
import { channelRoutes } from './channel.js';
import { consumeRoutes } from './consume.js';
import { openapiRoutes } from './openapi.js';
import { serviceRoutes } from './services.js';
import { sessionRoutes } from './sessions.js';
import { snapshotRoutes } from './snapshots.js';
import { statusRoutes } from './status.js';

type Routes = (app: FastifyInstance, context: ServerContext) => Promise<void>;

export const ROUTES: readonly Routes[] = [
  authRoutes,
  sessionRoutes,
  channelRoutes,
  snapshotRoutes,
  serviceRoutes,
  consumeRoutes,
  statusRoutes,
  openapiRoutes,
];
