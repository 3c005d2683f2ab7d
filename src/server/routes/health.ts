import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../context.js';

/**
 * What supervisors and load balancers ask, without a login and of any API: whether the process
 * answers at all, and whether requests should be sent to it. They say a word and nothing of what
 * the server has, and are not in its Swagger document.
 */
export async function healthRoutes(app: FastifyInstance, context: ServerContext): Promise<void> {
  const hidden = { schema: { hide: true }, config: { public: true, unlogged: true } };

  app.get('/health/live', hidden, async () => ({ status: 'live' }));

  app.get('/health/ready', hidden, async (_request, reply) => {
    const status = await readiness(context);
    return reply.code(status === 'ready' ? 200 : 503).send({ status });
  });
}

async function readiness({ phase, store, log }: ServerContext): Promise<string> {
  if (phase.current !== 'ready') return phase.current;
  try {
    await store.probe();
    return 'ready';
  } catch (error) {
    log.error({ err: error }, 'The database does not answer.');
    return 'broken';
  }
}
