import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ maxUploadBytes: 100_000 });
});
afterAll(() => server.close());

const PATH = '/realtime-services/Scored/1.0';
const MODEL = Buffer.concat([Buffer.from('blob'), Buffer.alloc(1000)]);

function form(parts: Readonly<Record<string, Blob | string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) data.append(name, value);
  return data;
}

const unsupported = (words: string): Refusal => ({
  status: 400,
  exceptionType: 'REALTIME_UNSUPPORTED',
  words,
});
const MISSING: Refusal = { status: 400, exceptionType: 'MISSING_MODEL', words: '"model"' };

describe('a realtime service', () => {
  it.each([
    ['a model of R Server', new Blob([MODEL]), 'only the libraries of Microsoft'],
    ['a model that is a text field', 'blob and more', 'only the libraries of Microsoft'],
    ['a pickle', new Blob([Buffer.from('80049500', 'hex')]), 'not one that rx_serialize_model'],
  ])('is not published with %s, and told what to do instead', async (_what, model, words) => {
    const body = form({ description: 'A model.', model });
    for (const refusal of [unsupported(words), unsupported('POST /services/{name}/{version}')]) {
      expectRefusal(server, await server.request('POST', PATH, { body }), refusal);
    }
  });

  it.each([
    ['no form', JSON.stringify({ model: 'blob' }), MISSING],
    ['no model', form({ description: 'A model.' }), MISSING],
    ['an empty model', form({ model: new Blob([]) }), MISSING],
    [
      'two models',
      (() => {
        const twice = form({ model: new Blob([MODEL]) });
        twice.append('model', new Blob([MODEL]));
        return twice;
      })(),
      { status: 400, exceptionType: 'SEVERAL_FILES', words: 'more than one file' },
    ],
    [
      'too large a model',
      form({ model: new Blob([Buffer.alloc(100_001, 'blob')]) }),
      { status: 413, exceptionType: 'UPLOAD_TOO_LARGE', words: '100000 bytes' },
    ],
  ] satisfies [string, BodyInit, Refusal][])('is refused with %s', async (_what, body, refusal) => {
    expectRefusal(server, await server.request('POST', PATH, { body }), refusal);
  });

  it.each(['POST', 'PATCH'])(
    'is refused when its form is cut off in the model: %s',
    async (method) => {
      const body = '--b\r\nContent-Disposition: form-data; name="model"; filename="m"\r\n\r\nblob';
      const headers = { 'content-type': 'multipart/form-data; boundary=b' };
      expectRefusal(server, await server.request(method, PATH, { body, headers }), {
        status: 400,
        exceptionType: 'BROKEN_UPLOAD',
        words: 'multipart',
      });
    },
  );

  it('is refused for a name that no service can have, before its model', async () => {
    const body = form({ model: new Blob([MODEL]) });
    const answer = await server.request('POST', '/realtime-services/a%2Fb/1', { body });
    expectRefusal(server, answer, {
      status: 400,
      exceptionType: 'INVALID_SERVICE',
      words: 'without slashes',
    });
  });
});
