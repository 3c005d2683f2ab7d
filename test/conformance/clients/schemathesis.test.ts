import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, startTestServer, type TestServer } from '../../support/server.js';
import { publish } from '../../support/services.js';

/** Examples of each operation; a nightly run takes more. */
const EXAMPLES = process.env.SLIPWAY_SCHEMATHESIS_EXAMPLES ?? '3';
const SEED = process.env.SLIPWAY_SCHEMATHESIS_SEED ?? '20261125';
/** Milliseconds of a run with many examples, too. */
const LIMIT = 60 * 60 * 1000;

/**
 * What is checked. Not the content type: a document of Swagger 2.0 has one list for all answers of
 * an operation, R Server's names that of success, and errors are JSON.
 */
const CHECKS = ['not_a_server_error', 'status_code_conformance', 'response_schema_conformance'];

/** They change the login that the requests are sent with. */
const LOGINS = ['login', 'renewToken', 'revokeRefreshToken'];

let server: TestServer;
let folder: string;
let sessionId: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-schemathesis-'));
  server = await startTestServer();
  const document = await server.request('GET', '/swagger.json');
  await writeFile(join(folder, 'swagger.json'), document.bytes);
  await publish(server, 'probe/1', {
    code: 'y = x',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
  });
  const json = { runtimeType: 'Python' };
  const created = await server.request('POST', '/sessions', { json });
  sessionId = created.json<{ sessionId: string }>().sessionId;
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs Schemathesis on the server's own document. @param settings of a `schemathesis.toml` */
async function run(settings: string): Promise<{ code: number; text: string }> {
  await writeFile(join(folder, 'schemathesis.toml'), settings);
  const args = [
    ...[
      'run',
      'swagger.json',
      '--url',
      server.url,
      '--header',
      `Authorization: Bearer ${server.token}`,
    ],
    ...['--phases', 'coverage,fuzzing', '--max-examples', EXAMPLES, '--seed', SEED],
    ...['--checks', CHECKS.join(), '--continue-on-failure', '--warnings', 'off', '--no-color'],
    ...LOGINS.flatMap((operation) => ['--exclude-operation-id', operation]),
  ];
  const program = join(dirname(python), 'schemathesis');
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), text: `${stdout}${stderr}` }),
    );
  });
}

describe('Schemathesis on the document of the server', { timeout: LIMIT }, () => {
  it('finds no answer that the document does not name, for whatever is sent', async () => {
    const { code, text } = await run('');
    expect(text).toMatch(/Tested: \d{2}/);
    expect(code, text.slice(-4000)).toBe(0);
  });

  it('finds none where services and sessions are there, either', async () => {
    // Until they are deleted, which some of the requests do.
    const settings = `
[parameters]
"path.name" = "probe"
"path.version" = "1"

[[operations]]
include-path-regex = "^/sessions/"
parameters = { "path.id" = "${sessionId}" }
`;
    const { code, text } = await run(settings);
    expect(text).toMatch(/Tested: \d{2}/);
    expect(code, text.slice(-4000)).toBe(0);
  });
});
