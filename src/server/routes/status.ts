import type { FastifyInstance } from 'fastify';
import { ErrorResponse, StatusResponse } from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { SERVER_VERSION } from '../version.js';

/** Health of the server. */
export async function statusRoutes(app: FastifyInstance, context: ServerContext): Promise<void> {
  app.route({
    method: 'GET',
    url: '/status',
    schema: {
      operationId: 'status',
      tags: ['Status APIs'],
      summary: 'Tells the health of the server and of what it is made of.',
      response: { 200: StatusResponse, default: ErrorResponse },
    },
    handler: () => readStatus(context),
  });
}

async function readStatus(context: ServerContext): Promise<StatusResponse> {
  const components = {
    backends: backendStatus(context),
    authentication: authenticationStatus(context),
    database: await databaseStatus(context),
    isolation: await isolationStatus(context),
  };
  const codes = Object.values(components).map((component) => component.statusCode);
  const statusCode = codes.includes('fail') ? 'fail' : codes.includes('warn') ? 'warn' : 'pass';
  return { statusCode, components, details: { version: SERVER_VERSION } };
}

/** Tokens whose keys are known go on when the issuer is away, so that this is no failure. */
function authenticationStatus({ openid }: ServerContext): StatusResponse {
  if (openid === undefined) return healthy({ type: 'local' });
  const { state } = openid;
  const statusCode = state.state === 'unavailable' ? 'warn' : 'pass';
  return { statusCode, components: null, details: { type: 'openid', ...state } };
}

/** The pools of sessions, with the figures and the spelling that R Server's clients know. */
function backendStatus(context: ServerContext): StatusResponse {
  const pool = context.sessions.pool();
  const canOpen = pool.active < pool.maxSize;
  const local: StatusResponse = {
    statusCode: canOpen ? 'pass' : 'warn',
    components: null,
    details: {
      // There is no R here, and clients look for these before they open a session of it.
      rMaxPoolSize: 0,
      rActiveShellCount: 0,
      rCurrentPoolSize: 0,
      rCanOpenShell: 'False',
      pythonMaxPoolSize: pool.maxSize,
      pythonActiveShellCount: pool.active,
      pythonCurrentPoolSize: pool.warm,
      pythonCanOpenShell: canOpen ? 'True' : 'False',
      apiVersion: '1.0',
    },
  };
  return { statusCode: local.statusCode, components: { local }, details: {} };
}

/** What keeps sessions and services from other users; on a server of one user there are none. */
async function isolationStatus({ compute, config }: ServerContext): Promise<StatusResponse> {
  const { kind, protects } = await compute.isolation();
  const isOpen = protects === 'nothing' && !config.embedded;
  return { statusCode: isOpen ? 'warn' : 'pass', components: null, details: { kind, protects } };
}

async function databaseStatus(context: ServerContext): Promise<StatusResponse> {
  try {
    return healthy(await context.store.probe());
  } catch (error) {
    context.log.error({ err: error }, 'The database does not answer.');
    return {
      statusCode: 'fail',
      components: null,
      details: { type: 'sqlite', name: 'main', state: 'Broken' },
    };
  }
}

function healthy(details: Record<string, unknown>): StatusResponse {
  return { statusCode: 'pass', components: null, details };
}
