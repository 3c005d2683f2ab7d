import type { FastifyReply } from 'fastify';

/** Answers with a JSON string, which fastify would otherwise send as plain text. */
export function sendString(reply: FastifyReply, value: string): FastifyReply {
  return reply.serializer(JSON.stringify).type('application/json; charset=utf-8').send(value);
}

/** Answers with text that is JSON already. */
export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json);
}
