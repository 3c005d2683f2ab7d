import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish } from '../support/services.js';

/** One name, composed and decomposed. */
const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const returning = (value: string) => ({
  code: `y = "${value}"`,
  outputParameterDefinitions: [{ name: 'y', type: 'character' }],
});

describe('names are what was sent, byte for byte', () => {
  it('of services', async () => {
    await publish(server, `${encodeURIComponent(NFC)}/1`, returning('composed'));
    await publish(server, `${encodeURIComponent(NFD)}/1`, returning('decomposed'));
    const value = async (name: string) =>
      (await consume(server, `${encodeURIComponent(name)}/1`)).outputParameters.y;
    expect(await value(NFC)).toBe('composed');
    expect(await value(NFD)).toBe('decomposed');
    const names = (await server.request('GET', '/services')).json<{ name: string }[]>();
    expect(names.map(({ name }) => name)).toEqual([NFC, NFD]);
  });

  it('also where a letter is longer in lower case', async () => {
    const [name, version] = ['İstanbul', 'bİİr'].map(encodeURIComponent);
    await publish(server, `${name}/${version}`, returning('capital'));
    const { outputParameters } = await consume(server, `${name}/${version}`);
    expect(outputParameters.y).toBe('capital');
    const swagger = await server.request('GET', `/API/${name}/${version}/SWAGGER.json?x=%C4%B0`);
    expect(swagger.json()).toMatchObject({ info: { title: 'İstanbul', version: 'bİİr' } });
    const unknown = await server.request('GET', `/services/${name}/%C4%B0`);
    expect([unknown.status, unknown.text]).toEqual([404, expect.stringContaining('İ')]);
    const nowhere = await server.request('GET', `/nowhere/${name}`);
    expect([nowhere.status, nowhere.text]).toEqual([404, expect.stringContaining(name as string)]);
    expect((await server.request('DELETE', `/services/${name}/${version}`)).status).toBe(200);
  });

  it('of files', async () => {
    const json = { runtimeType: 'Python' };
    const created = await server.request('POST', '/sessions', { json });
    const files = `/sessions/${created.json<{ sessionId: string }>().sessionId}/files`;
    for (const name of [NFC, NFD]) {
      const body = new FormData();
      body.append('file', new Blob([name]), `${name}.txt`);
      expect((await server.request('POST', files, { body })).status).toBe(201);
    }
    const listed = (await server.request('GET', files)).json<string[]>();
    expect(listed.sort()).toEqual([`${NFC}.txt`, `${NFD}.txt`].sort());
    const content = await server.request('GET', `${files}/${encodeURIComponent(`${NFD}.txt`)}`);
    expect(content.text).toBe(NFD);
  });
});
