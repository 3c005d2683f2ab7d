import type { FastifyReply } from 'fastify';

/** Answers with a JSON string, which fastify would otherwise send as plain text. */
export function sendString(reply: FastifyReply, value: string): FastifyReply {
  return reply.serializer(JSON.stringify).type('application/json; charset=utf-8').send(value);
}
