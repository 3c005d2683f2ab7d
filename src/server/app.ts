import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { auditRequests } from './audit/index.js';
import { requireBearer } from './bearer.js';
import type { TlsOptions } from './certificate.js';
import { answerClientError } from './client-errors.js';
import { refuseCompressedBodies } from './content-encoding.js';
import type { ServerContext } from './context.js';
import { allowOrigins } from './cors.js';
import { restoreNames, urlForRouter } from './dotted-capital-i.js';
import { installErrorResponses, sendFrameworkError } from './error-responses.js';
import { acceptJsonBodies } from './json-body.js';
import type { Metrics } from './metrics/index.js';
import { documentRoutes } from './openapi/index.js';
import { limitReaders } from './reader-limits.js';
import { logRequests, requestId } from './request-log.js';
import { routesOf } from './routes/index.js';
import { refuseUnknownRoutes } from './unknown-route.js';

/** Milliseconds for a request to arrive in whole; R Server's template allows an hour. */
const REQUEST_TIMEOUT = 60 * 60 * 1000;

/** What only some servers have. */
interface AppParts {
  readonly tls?: TlsOptions | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * The HTTP side of a server: its routes, with what all of them share. Paths ignore case and a
 * trailing slash, as R Server's do; names in them keep their case.
 */
export async function buildApp(
  context: ServerContext,
  { tls, metrics }: AppParts = {},
): Promise<FastifyInstance> {
  const { config } = context;
  const options: FastifyServerOptions = {
    loggerInstance: context.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all requests: a child per request is the dearest part of a short one.
    childLoggerFactory: (logger) => logger,
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: config.maxBodyBytes,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    rewriteUrl: urlForRouter,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 1024 },
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: answerClientError,
    ...(config.trustedProxies.length > 0 && { trustProxy: [...config.trustedProxies] }),
  };
  // The types of an application tell the two apart, which nothing above this line has to.
  const app =
    tls === undefined
      ? Fastify(options)
      : (Fastify({ ...options, https: tls } as FastifyServerOptions) as FastifyInstance);
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // Answers are built by typed code; their schemas document them and cost nothing per request.
  app.setSerializerCompiler(() => JSON.stringify);
  restoreNames(app);
  logRequests(app);
  metrics?.watchRequests(app);
  if (context.audit !== undefined) auditRequests(app, context.audit);
  await allowOrigins(app, config.cors);
  requireBearer(app, context.auth);
  limitReaders(app);
  refuseCompressedBodies(app);
  acceptJsonBodies(app);
  installErrorResponses(app);
  refuseUnknownRoutes(app);
  await documentRoutes(app, config.api);
  for (const routes of routesOf(config.api)) {
    await app.register((scope) => routes(scope, context));
  }
  await app.ready();
  return app;
}
