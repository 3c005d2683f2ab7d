import SwaggerParser from '@apidevtools/swagger-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasReference, Reference } from '../support/reference.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Operation {
  operationId: string;
  tags?: string[];
  consumes?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  responses: Record<string, { schema?: unknown }>;
}

interface SwaggerDocument {
  swagger: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  definitions: Record<string, { properties?: Record<string, unknown> }>;
}

let server: TestServer;
let document: SwaggerDocument;
beforeAll(async () => {
  server = await startTestServer();
  document = (await server.request('GET', '/swagger.json')).json();
});
afterAll(() => server.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      key: `${operation.operationId} ${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

describe('the Swagger document of the server', () => {
  it('is asked for with a token, like everything else', async () => {
    expect((await server.request('GET', '/swagger.json', { token: null })).status).toBe(401);
  });

  it('is valid Swagger 2.0', async () => {
    expect(document.swagger).toBe('2.0');
    await SwaggerParser.validate(structuredClone(document) as never);
  });

  it('has a title that client generators can name a class by', () => {
    expect(document.info.title).toMatch(/^[A-Za-z]\w*$/);
  });

  it('gives every operation an id of its own, a tag and an answer for failures', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { key, operation } of operations()) {
      expect(operation.tags, key).toHaveLength(1);
      expect(operation.responses.default?.schema, key).toEqual({ $ref: '#/definitions/Error' });
    }
  });

  it('declares exactly one status of success for each operation', () => {
    for (const { key, operation } of operations()) {
      const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      expect(successes, key).toHaveLength(1);
    }
  });

  it('asks for the bearer token everywhere but at login and renewal', () => {
    const open = operations().filter(({ operation }) => operation.security === undefined);
    expect(open.map(({ key }) => key).sort()).toEqual([
      'login POST /login',
      'renewToken POST /login/refreshToken',
    ]);
  });

  it('describes the parameters that a path holds', () => {
    for (const { key, path, operation } of operations()) {
      const inPath = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name);
      const expected = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(inPath.sort(), key).toEqual(expected.sort());
    }
  });

  it('does not show the routes that are not of R Server', () => {
    expect(Object.keys(document.paths)).not.toContain('/swagger.json');
    expect(Object.keys(document.paths)).not.toContain('/sessions/{id}/channels');
  });

  describe.runIf(hasReference)('compared with that of R Server 9.3', () => {
    const reference = hasReference ? new Reference('9.3') : undefined;

    const expected = reference?.operations ?? [];

    it('has its operations by the same ids, methods and paths', () => {
      const keys = expected.map(
        ({ operationId, method, path }) => `${operationId} ${method} ${path}`,
      );
      expect(operations().map(({ key }) => key)).toEqual(expect.arrayContaining(keys));
      expect(keys.length).toBeGreaterThan(30);
    });

    it.each(expected)(
      'takes the parameters of $operationId in their order and answers with its status',
      (one) => {
        const found = operations().find(
          ({ operation }) => operation.operationId === one.operationId,
        );
        const parameters = found?.operation.parameters ?? [];
        expect(parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).toEqual(
          one.parameters,
        );
        const statuses = Object.keys(found?.operation.responses ?? {});
        expect(statuses.filter((status) => status !== 'default')).toEqual(one.statuses);
      },
    );
  });
});
