import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import SwaggerParser from '@apidevtools/swagger-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, startTestServer, type TestServer } from '../support/server.js';
import { publish } from '../support/services.js';

/** A document that R Server generated; it is beside the project and not part of it. */
const REFERENCE =
  process.env.RSERVER_SERVICE_SWAGGER ??
  join(projectRoot, '..', 'shared', 'reference', 'service-swagger-weather.json');

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ serviceWorkers: 1 });
  await publish(server, 'WeatherService/v1.0.0', {
    code: "report = 'sunny'",
    operationId: 'getWeatherReport',
    inputParameterDefinitions: [
      { name: 'latitude', type: 'numeric' },
      { name: 'longitude', type: 'numeric' },
    ],
    outputParameterDefinitions: [{ name: 'report', type: 'character' }],
  });
});
afterAll(() => server.close());

async function documentOf(path: string): Promise<string> {
  const answer = await server.request('GET', `/api/${path}/swagger.json`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return answer.text;
}

describe('the document of a service', () => {
  it.skipIf(!existsSync(REFERENCE))(
    'is what R Server generated for an equal service, byte by byte',
    async () => {
      const reference = readFileSync(REFERENCE, 'utf8').replaceAll('\r\n', '\n').trimEnd();
      expect(await documentOf('WeatherService/v1.0.0')).toBe(reference);
    },
  );

  it('is valid Swagger 2.0', async () => {
    const document = JSON.parse(await documentOf('WeatherService/v1.0.0'));
    const api = await SwaggerParser.validate(document);
    expect(Object.keys(api.paths ?? {})).toContain('/api/WeatherService/v1.0.0');
  });

  it('has a path that leads to a service of any name', async () => {
    const name = 'a b{c}?d#e%20f';
    const part = encodeURIComponent(name);
    await publish(server, `${part}/1`, { code: 'pass' });
    const document = JSON.parse(await documentOf(`${part}/1`));
    await SwaggerParser.validate(structuredClone(document));
    const path = Object.keys(document.paths).find((one) => one.startsWith('/api/')) ?? '';
    expect(path).not.toMatch(/[{}]/);
    const answer = await server.request('POST', path, { json: {} });
    expect(answer.json()).toMatchObject({ success: true });
  });

  it('tells the type of each parameter, and of files when it returns some', async () => {
    const types = ['integer', 'numeric', 'string', 'logical', 'vector', 'matrix', 'dataframe'];
    await publish(server, 'Typed/1', {
      code: 'pass',
      description: 'Of all types.',
      inputParameterDefinitions: types.map((type, index) => ({ name: `p${index}`, type })),
      outputFileNames: ['plot.png'],
    });
    const document = JSON.parse(await documentOf('Typed/1'));
    expect(document.info.description).toBe('Of all types.');
    expect(document.paths['/api/Typed/1'].post.operationId).toBe('ConsumeWebService');
    expect(document.definitions.InputParameters.properties).toEqual({
      p0: { type: 'integer', description: 'integer' },
      p1: { type: 'number', description: 'numeric' },
      p2: { type: 'string', description: 'string' },
      p3: { type: 'boolean', description: 'logical' },
      p4: { type: 'object', description: 'vector' },
      p5: { type: 'object', description: 'matrix' },
      p6: { type: 'object', description: 'dataframe' },
    });
    const result = document.definitions.WebServiceResult.properties;
    expect(Object.keys(result)).toEqual([
      'success',
      'errorMessage',
      'consoleOutput',
      'changedFiles',
      'outputFiles',
      'outputParameters',
    ]);
    await SwaggerParser.validate(document);
  });
});
