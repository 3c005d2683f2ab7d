import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectConfigured, RServerClient } from '../../src/client/index.js';
import { cliEnvironment } from '../support/cli.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import {
  answer,
  type Behaviour,
  behindTls,
  Door,
  forwardTo,
  http,
  silence,
  TEST_AUTHORITY,
} from '../support/door.js';
import { type KernelProcess, type ReadMessage, startKernel } from '../support/kernel.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let directory: string;
beforeAll(async () => {
  server = await startTestServer({ embedded: false });
  directory = await mkdtemp(join(tmpdir(), 'slipway-bad-servers-'));
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

let door: Door;
let kernel: KernelProcess | undefined;
beforeEach(async () => {
  door = await Door.create();
});
afterEach(async () => {
  await kernel?.stop();
  kernel = undefined;
  await door.close();
});

/** A kernel that knows how to log in behind the door. */
async function start(variables: NodeJS.ProcessEnv = {}): Promise<KernelProcess['client']> {
  kernel = await startKernel({
    ...cliEnvironment(directory),
    SLIPWAY_URL: door.url,
    SLIPWAY_USER: 'admin',
    SLIPWAY_PASSWORD: server.password,
    SLIPWAY_TIMEOUT: '2',
    ...variables,
  });
  return kernel.client;
}

const text = (published: readonly ReadMessage[]) =>
  published
    .filter(({ type }) => type === 'stream')
    .map(({ content }) => content.text)
    .join('');

/** Sends the head of an answer, then a piece of it again and again. */
function endless(head: string, piece: string, pause: number): Behaviour {
  return (socket) => {
    socket.once('data', () => {
      socket.write(head);
      const timer = setInterval(() => socket.write(piece), pause);
      socket.on('close', () => clearInterval(timer));
    });
  };
}

/** Lets requests for a token pass, and answers nothing else. */
const loginAlone: Behaviour = (socket) => {
  const requests = new PassThrough();
  socket.on('data', (chunk: Buffer) => {
    if (chunk.toString('latin1').startsWith('POST /login')) requests.write(chunk);
  });
  const { hostname, port } = new URL(server.url);
  requests.pipe(connect(Number(port), hostname)).pipe(socket);
};

const PAGE = '<!DOCTYPE html><html><title>Sign in</title></html>';
const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

/** What stands behind the door, and the sentence that the cell gets. */
const CASES: [string, Behaviour | undefined, RegExp][] = [
  ['is down', undefined, /cannot be reached \(ECONNREFUSED\)\. Check that it runs/],
  ['never answers', silence, /did not answer "POST \/login" within 2 s\. .*SLIPWAY_TIMEOUT/],
  [
    'stalls in the middle of an answer',
    answer(`${JSON_HEAD}content-length: 1000\r\n\r\n{"token_type"`),
    /did not answer "POST \/login" within 2 s/,
  ],
  [
    'answers drop by drop',
    endless(`${JSON_HEAD}\r\n{"token_type":"`, 'x', 100),
    /did not answer "POST \/login" within 2 s/,
  ],
  [
    'answers without end',
    endless(`${JSON_HEAD}\r\n{"token_type":"`, 'x'.repeat(8 * 1024 ** 2), 10),
    /sent more than 64 MiB for "POST \/login"|within 2 s/,
  ],
  [
    'closes connections at once',
    (socket) => socket.destroy(),
    /closed the connection; .* Try again\. If it has HTTPS, write https/,
  ],
  ['is another program', answer('SSH-2.0-OpenSSH_9.6\r\n'), /it does not speak HTTP\. Check/],
  [
    'answers with a web page',
    answer(http('200 OK', PAGE, ['content-type: text/html'])),
    /answered with a web page, perhaps the login page of a proxy/,
  ],
  [
    'is a proxy whose server is down',
    answer(http('502 Bad Gateway', '<html><center><h1>502 Bad Gateway</h1></center></html>')),
    /A proxy at http.* in place of the server behind it \(status 502\).* Try again when it does/,
  ],
  [
    'is a proxy under maintenance',
    answer(http('503 Service Unavailable', PAGE, ['retry-after: 5'])),
    /A proxy at http.* \(status 503\)/,
  ],
  [
    'redirects to a login page',
    answer(http('302 Found', '', ['location: https://login.example.com/?secret=Secret-1'])),
    /was redirected to https:\/\/login\.example\.com, perhaps to a login page/,
  ],
  [
    'redirects to HTTPS',
    (socket) => answer(http('301 Moved', '', [`location: https://127.0.0.1:443/login`]))(socket),
    /it wants HTTPS\. Write https:\/\/127/,
  ],
  [
    'wants HTTPS, as nginx says it',
    answer(http('400 Bad Request', '<h1>The plain HTTP request was sent to HTTPS port</h1>')),
    /it wants HTTPS\. Write https:\/\/127/,
  ],
  [
    'has too many logins',
    answer(http('429 Too Many Requests', '{"message":"Slow down."}', ['retry-after: 7'])),
    /Slow down\. Try again in 7 s\./,
  ],
  [
    'is busy until a time',
    (socket) => {
      const later = new Date(Date.now() + 60_000).toUTCString();
      answer(http('503 Busy', '{"message":"No more sessions."}', [`retry-after: ${later}`]))(
        socket,
      );
    },
    /No more sessions\. Try again in (60|59|5\d) s\./,
  ],
  [
    'answers with JSON of another shape',
    answer(http('200 OK', '{"jwt":"Secret-1"}', ['content-type: application/json'])),
    /is not an R Server: "POST \/login" was answered without a token/,
  ],
  [
    'answers with broken JSON',
    answer(http('200 OK', '{"jwt', ['content-type: application/json'])),
    /was answered with application\/json instead of JSON|is not JSON/,
  ],
  ['logs in, and starts no session', loginAlone, /did not answer "POST \/sessions" within 8 s/],
];

describe('a notebook whose server', () => {
  for (const [what, behaviour, sentence] of CASES) {
    it(`${what} is told so in one sentence, and works when the server is back`, async () => {
      if (behaviour !== undefined) await door.put(behaviour);
      const client = await start();
      const { reply, published } = await client.execute('1');
      expect(reply.content.status).toBe('error');
      expect(reply.content.evalue).toMatch(sentence);
      expect(reply.content.evalue).not.toMatch(/Secret-1|\n|<h|at \w+ \(/);
      expect(published.filter(({ type }) => type === 'error')).toHaveLength(1);
      await door.put(forwardTo(server.url));
      expect(text((await client.execute('print(6 * 7)')).published)).toBe('42\n');
    });
  }

  it('has a name that is not known is told to check it', async () => {
    const client = await start({ SLIPWAY_URL: 'http://rserver.invalid:12800' });
    const { reply } = await client.execute('1');
    expect(reply.content.evalue).toMatch(/\((ENOTFOUND|EAI_AGAIN)\)\. Its name is not known here/);
  });

  it('never answers can interrupt the cell that waits, and go on when it is back', async () => {
    await door.put(silence);
    const client = await start({ SLIPWAY_TIMEOUT: '3' });
    const id = await client.sendCell('1');
    await client.next(({ parent, content }) => {
      return parent.msg_id === id && content.execution_state === 'busy';
    });
    await client.request('interrupt_request', {}, { channel: 'control' });
    const { reply } = await client.exchange(id);
    expect(reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
    await door.put(forwardTo(server.url));
    const again = await client.execute('print(1)');
    // The start that had begun before the interrupt may have failed only now.
    const last = again.reply.content.status === 'ok' ? again : await client.execute('print(1)');
    expect(text(last.published)).toBe('1\n');
  });
});

describe('a proxy that closes idle connections', () => {
  it.each([1000, 5000])('after %i ms takes nothing from a cell that is silent', async (limit) => {
    const proxy = await startCuttingProxy(server.url);
    const client = await start({ SLIPWAY_URL: proxy.url });
    // A session may take longer to start than such a proxy lets a request be silent.
    await client.execute('1');
    proxy.limitIdle(limit);
    const seconds = (limit * 1.4) / 1000;
    const { reply, published } = await client.execute(
      `import time\nprint("begun", flush=True)\ntime.sleep(${seconds})\nprint("ended")`,
    );
    expect(reply.content).toMatchObject({ status: 'ok' });
    expect(text(published)).toBe('begun\nended\n');
    expect(proxy.cuts).toBeGreaterThan(0);
    await proxy.close();
  });

  /** Serves one request per connection, and resets it when a second comes, as a closed one does. */
  function onlyOnce(): { behaviour: Behaviour; connections(): number } {
    let connections = 0;
    const behaviour: Behaviour = (socket) => {
      connections += 1;
      let requests = 0;
      socket.prependListener('data', (chunk: Buffer) => {
        requests += Number(/^(GET|POST|DELETE) /.test(chunk.toString('latin1')));
        if (requests > 1) socket.resetAndDestroy();
      });
      forwardTo(server.url)(socket);
    };
    return { behaviour, connections: () => connections };
  }

  const clientOfDoor = () =>
    new RServerClient({
      url: door.url,
      credentials: { kind: 'password', username: 'admin', password: server.password },
    });

  it('while a request is on its way gets it again, where that is safe', async () => {
    const { behaviour, connections } = onlyOnce();
    await door.put(behaviour);
    const client = clientOfDoor();
    await expect(client.status()).resolves.toMatchObject({ statusCode: 'pass' });
    await expect(client.status()).resolves.toMatchObject({ statusCode: 'pass' });
    expect(connections()).toBeGreaterThanOrEqual(3);
    await client.close();
  });

  it('is not sent a request again that may have been served; the sentence says so', async () => {
    await door.put(onlyOnce().behaviour);
    const client = clientOfDoor();
    await client.status();
    await expect(client.sessions.create({ runtimeType: 'Python' })).rejects.toThrow(
      'what was asked may have been done',
    );
    await client.close();
  });

  it('does not meet such a request on a connection that was idle for a while', async () => {
    const { behaviour, connections } = onlyOnce();
    await door.put(behaviour);
    const client = clientOfDoor();
    await client.status();
    const before = connections();
    await delay(1100);
    const id = await client.sessions.create({ runtimeType: 'Python' });
    expect(connections()).toBe(before + 1);
    await server.request('DELETE', `/sessions/${id}`);
    await client.close();
  });
});

describe('HTTPS', () => {
  const connectTo = (url: string, more: NodeJS.ProcessEnv = {}) =>
    connectConfigured({
      env: {
        XDG_CONFIG_HOME: directory,
        SLIPWAY_URL: url,
        SLIPWAY_USER: 'admin',
        SLIPWAY_PASSWORD: server.password,
        SLIPWAY_TIMEOUT: '5',
        ...more,
      },
    });
  const trusted = { SLIPWAY_CA_FILE: TEST_AUTHORITY };
  const https = () => `https://${door.host}`;

  it('runs cells with the certificates of caFile, the session’s channel included', async () => {
    await door.put(await behindTls('server', forwardTo(server.url)));
    const client = await start({ SLIPWAY_URL: https(), ...trusted });
    expect(text((await client.execute('print(6 * 7)')).published)).toBe('42\n');
  });

  it('takes NODE_EXTRA_CA_CERTS, too', async () => {
    await door.put(await behindTls('server', forwardTo(server.url)));
    const client = await start({ SLIPWAY_URL: https(), NODE_EXTRA_CA_CERTS: TEST_AUTHORITY });
    expect(text((await client.execute('print(6 * 7)')).published)).toBe('42\n');
  });

  it('never goes on with a certificate that is not trusted, and names the setting', async () => {
    let requests = 0;
    await door.put(await behindTls('server', (socket) => socket.on('data', () => (requests += 1))));
    const client = await start({ SLIPWAY_URL: https() });
    const { reply } = await client.execute('1');
    expect(reply.content).toMatchObject({ ename: 'UntrustedCertificateError' });
    expect(reply.content.evalue).toMatch(
      /not signed by an authority that is trusted here.* set caFile .* SLIPWAY_CA_FILE/,
    );
    expect(requests).toBe(0);
  });

  it.each([
    ['elsewhere', /is for other names \(DNS:elsewhere\.example\)/],
    ['expired', /has expired or is not valid yet/],
  ] as const)('says what is wrong with the certificate %s', async (name, sentence) => {
    await door.put(await behindTls(name, silence));
    await expect(connectTo(https(), trusted)).rejects.toThrow(sentence);
  });

  it('to a port of plain HTTP says so, and plain HTTP to a port of TLS', async () => {
    await door.put(forwardTo(server.url));
    await expect(connectTo(https())).rejects.toThrow(
      `it does not speak TLS. If it has no HTTPS, write ${door.url}`,
    );
    await door.put(await behindTls('server', forwardTo(server.url)));
    await expect(connectTo(door.url)).rejects.toThrow(/write https|Write https/);
  });
});
