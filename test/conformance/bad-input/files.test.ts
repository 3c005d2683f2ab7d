import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../../support/raw-http.js';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const MAX_UPLOAD = 100_000;
const BOUNDARY = 'boundary';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

let server: TestServer;
let session: string;

beforeAll(async () => {
  server = await startTestServer({ maxUploadBytes: MAX_UPLOAD });
  const json = { runtimeType: 'Python' };
  const created = await server.request('POST', '/sessions', { json });
  session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
  const code = [
    'import os, pathlib',
    'pathlib.Path("kept.txt").write_text("kept")',
    'os.mkdir("folder")',
    'os.symlink("/etc", "etc"); os.symlink("/etc/passwd", "passwd")',
    'os.mkfifo("pipe")',
  ].join('\n');
  const done = await server.request('POST', `${session}/execute`, { json: { code } });
  expect(done.json()).toMatchObject({ success: true });
});
afterAll(() => server.close());
afterEach(async () => {
  expect((await server.request('GET', `${session}/files`)).json()).toEqual(['kept.txt']);
  expect((await server.request('GET', `${session}/files/kept.txt`)).text).toBe('kept');
});

const part = (disposition: string, content = 'x') =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
const END = `--${BOUNDARY}--\r\n`;

const send = (body: string, type = TYPE) =>
  server.request('POST', `${session}/files`, { body, headers: { 'content-type': type } });

const BAD_NAME: Refusal = { status: 400, exceptionType: 'BAD_FILE_NAME', words: 'The file name' };

/** Names that no file of a session has, as JSON writes them. */
const BAD_NAMES = [
  '..',
  '.',
  '../up.txt',
  'a/../../up.txt',
  './a',
  'a//b',
  'a/',
  '/etc/up.txt',
  'C:/up.txt',
  'a\\b',
  'a\0b',
  'x'.repeat(300),
  'é'.repeat(150),
  'kept.txt/below',
  'etc/up.txt',
];

describe('a file name', () => {
  it.each(BAD_NAMES.map((name) => [JSON.stringify(name), name]))(
    '%s is refused wherever it is sent',
    async (_shown, name) => {
      const quoted = name.replaceAll('\\', '\\\\');
      expectRefusal(server, await send(part(`name="file"; filename="${quoted}"`) + END), BAD_NAME);
      const path = `${session}/files/${encodeURIComponent(name).replaceAll('.', '%2e')}`;
      for (const method of ['GET', 'DELETE']) {
        expectRefusal(server, await rawRequest(server, { method, path }), BAD_NAME);
      }
    },
  );

  it.each(['folder', 'passwd', 'pipe', 'none', 'folder/none', 'kept.txt%20'])(
    'that is no file of the session cannot be downloaded: %s',
    async (name) => {
      const path = `${session}/files/${encodeURIComponent(decodeURIComponent(name))}`;
      expectRefusal(server, await server.request('GET', path), {
        status: 404,
        exceptionType: 'FILE_NOT_FOUND',
        words: 'List its files',
      });
    },
  );

  it('of a folder is neither overwritten nor deleted', async () => {
    expectRefusal(server, await send(part('name="file"; filename="folder"') + END), {
      status: 400,
      exceptionType: 'BAD_FILE_NAME',
      words: 'choose another name',
    });
    expectRefusal(server, await server.request('DELETE', `${session}/files/folder`), {
      status: 404,
      exceptionType: 'FILE_NOT_FOUND',
      words: 'folder',
    });
  });
});

describe('an upload', () => {
  const MISSING: Refusal = { status: 400, exceptionType: 'MISSING_FILE', words: 'named "file"' };
  const BROKEN: Refusal = { status: 400, exceptionType: 'BROKEN_UPLOAD', words: 'multipart' };
  const file = part('name="file"; filename="a.txt"');
  const cases: [string, string, string, Refusal][] = [
    ['without a part', END, TYPE, MISSING],
    ['with no body', '', TYPE, MISSING],
    ['with a field alone', part('name="file"') + END, TYPE, MISSING],
    ['without a file name', part('name="file"; filename=""') + END, TYPE, MISSING],
    [
      'of two files',
      file + part('name="file"; filename="b.txt"') + END,
      TYPE,
      {
        status: 400,
        exceptionType: 'SEVERAL_FILES',
        words: 'one file',
      },
    ],
    ['that is cut off in the file', file.slice(0, -2), TYPE, BROKEN],
    ['that is cut off in the head', file.slice(0, 30), TYPE, BROKEN],
    ['without a boundary', file + END, 'multipart/form-data', BROKEN],
    ['with another boundary', file + END, 'multipart/form-data; boundary=other', BROKEN],
    ['of JSON', '{"file":"a"}', 'application/json', MISSING],
    ['of bytes', 'bytes', 'application/octet-stream', MISSING],
    ['of a form', 'file=a', 'application/x-www-form-urlencoded', MISSING],
    [
      'that is too large',
      part('name="file"; filename="a"', 'x'.repeat(MAX_UPLOAD + 1)) + END,
      TYPE,
      {
        status: 413,
        exceptionType: 'UPLOAD_TOO_LARGE',
        words: '100000 bytes',
      },
    ],
    ['with 2000 fields', part('name="a"').repeat(2000) + file + END, TYPE, BROKEN],
  ];

  it.each(cases)('%s is refused, and nothing is left of it', async (_what, body, type, refusal) => {
    expectRefusal(server, await send(body, type), refusal);
  });

  it('that its client breaks off leaves nothing behind', async () => {
    const { hostname, port } = new URL(server.url);
    const upload = request({
      hostname,
      port,
      method: 'POST',
      path: `${session}/files`,
      headers: { authorization: `Bearer ${server.token}`, 'content-type': TYPE },
    });
    const failed = once(upload, 'error');
    upload.write(file.slice(0, -2));
    const drafts = async () => {
      const names = await readdir(join(server.dataDirectory, 'inbox'), { recursive: true });
      return names.filter((name) => name.includes('upload-')).length;
    };
    await expect.poll(drafts).toBe(1);
    upload.destroy();
    await failed;
    await expect.poll(drafts).toBe(0);
  });
});

describe('the folder of a session', () => {
  it.each([
    ['removed', 'shutil.rmtree(here)'],
    ['replaced by a link to another', 'shutil.rmtree(here); os.symlink("/etc", here)'],
  ])('may be %s by its code, and then holds no files', async (_what, code) => {
    const json = { runtimeType: 'Python' };
    const created = await server.request('POST', '/sessions', { json });
    const other = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
    const execute = (source: string) =>
      server.request('POST', `${other}/execute`, { json: { code: source } });
    await execute(`import os, shutil; here = os.getcwd(); ${code}`);
    expect((await server.request('GET', `${other}/files`)).json()).toEqual([]);
    expectRefusal(server, await server.request('GET', `${other}/files/passwd`), {
      status: 404,
      exceptionType: 'FILE_NOT_FOUND',
      words: 'passwd',
    });
    const body = part('name="file"; filename="a.txt"') + END;
    const headers = { 'content-type': TYPE };
    const upload = await server.request('POST', `${other}/files`, { body, headers });
    expectRefusal(server, upload, { ...BAD_NAME, words: 'removed its folder' });
    expect((await execute('x = 1')).json()).toMatchObject({ success: true });
    await server.request('DELETE', `${other}/force`);
  });
});
