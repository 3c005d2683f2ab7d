import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installErrorResponses, sendFrameworkError } from '../../../src/server/error-responses.js';
import { ApiError } from '../../../src/server/errors.js';
import { acceptJsonBodies } from '../../../src/server/json-body.js';

class TeapotError extends ApiError {
  readonly statusCode = 418;
  readonly code = 'TEAPOT';
  override readonly headers = { 'retry-after': '60' };
}

let app: FastifyInstance;
beforeAll(async () => {
  app = Fastify({ bodyLimit: 100, frameworkErrors: sendFrameworkError });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  acceptJsonBodies(app);
  installErrorResponses(app);
  app.get('/teapot', () => {
    throw new TeapotError('It is a teapot.');
  });
  app.get('/defect', () => {
    throw new Error('password=hunter2 at /home/ada/secret.ts');
  });
  app.get('/rejected', async () => Promise.reject(new Error('hunter2')));
  app.get('/thrown', () => {
    throw 'hunter2';
  });
  app.route({
    method: ['DELETE', 'POST'],
    url: '/echo',
    handler: (request) => ({ got: request.body ?? null }),
  });
  app.post('/optional', {
    schema: { body: Type.Object({ name: Type.Optional(Type.String()) }) },
    handler: (request) => ({ got: request.body }),
  });
  await app.ready();
});
afterAll(() => app.close());

describe('the answer to a failure', () => {
  it('has the status, sentence, code and headers of its class', async () => {
    const answer = await app.inject('/teapot');
    expect(answer.statusCode).toBe(418);
    expect(answer.headers['retry-after']).toBe('60');
    expect(answer.json()).toEqual({
      message: 'It is a teapot.',
      link: '',
      exceptionType: 'TEAPOT',
    });
  });

  it.each(['/defect', '/rejected', '/thrown'])(
    'tells nothing of a defect but the id to find it by: %s',
    async (path) => {
      const answer = await app.inject(path);
      expect(answer.statusCode).toBe(500);
      expect(answer.json()).toMatchObject({ exceptionType: 'INTERNAL' });
      expect(answer.body).not.toMatch(/hunter2|secret\.ts| {4}at /);
    },
  );

  it('is a sentence for a path that cannot be decoded', async () => {
    const answer = await app.inject('/%E0%A4%A');
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ exceptionType: 'INVALID_URL' });
  });
});

describe('the body of a request', () => {
  it.each(['application/json', 'text/plain', 'multipart/form-data', 'application/octet-stream'])(
    'may be empty although it is announced as %s',
    async (type) => {
      for (const method of ['DELETE', 'POST'] as const) {
        const answer = await app.inject({
          method,
          url: '/echo',
          headers: { 'content-type': type },
        });
        expect(answer.json()).toEqual({ got: null });
      }
    },
  );

  it('counts as an empty object when it is absent and the route has a schema', async () => {
    const answer = await app.inject({ method: 'POST', url: '/optional' });
    expect(answer.json()).toEqual({ got: {} });
  });

  it('is read as JSON under any content type', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await app.inject({ method: 'POST', url: '/echo', headers, payload: '[1,null]' });
    expect(answer.json()).toEqual({ got: [1, null] });
  });

  it.each(['{', 'name=ada', "{'name':'ada'}", '{"constructor":{"prototype":{"x":1}}}'])(
    'that is not JSON, or is dangerous, is answered with 400: %s',
    async (payload) => {
      const answer = await app.inject({ method: 'POST', url: '/echo', payload });
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ exceptionType: 'INVALID_JSON' });
    },
  );

  it('that is too large is answered with 413 before it is read', async () => {
    const answer = await app.inject({ method: 'POST', url: '/echo', payload: 'x'.repeat(101) });
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ exceptionType: 'BODY_TOO_LARGE' });
  });
});
