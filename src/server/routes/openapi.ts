import type { FastifyInstance } from 'fastify';

/** The Swagger document of the server's own routes; services have one each. */
export async function openapiRoutes(app: FastifyInstance): Promise<void> {
  let document: string | undefined;
  app.route({
    method: 'GET',
    url: '/swagger.json',
    schema: { hide: true },
    handler: (_request, reply) => {
      document ??= JSON.stringify(app.swagger(), null, 2);
      return reply.type('application/json; charset=utf-8').send(document);
    },
  });
}
