import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type ServerConfig, type SlipwayServer } from '../../src/server/index.js';
import { cliEnvironment } from '../support/cli.js';
import { AUDIENCE, openIdConfig, TestIssuer } from '../support/issuer.js';
import { type KernelProcess, type ReadMessage, startKernel } from '../support/kernel.js';
import { projectRoot, python, send, testConfig } from '../support/server.js';

/** Seconds that an access token holds: kernels renew it a little before. */
const TOKEN_LIFE = 3;
const RESULT = 'application/vnd.slipway.result+json';
const ASKABLE = { allow_stdin: true };

let issuer: TestIssuer;
let directory: string;
let server: SlipwayServer;
let plain: SlipwayServer;
beforeAll(async () => {
  issuer = await TestIssuer.start({
    users: { ana: { preferred_username: 'ana@example.org' } },
    tokenLife: TOKEN_LIFE,
  });
  directory = await mkdtemp(join(tmpdir(), 'slipway-kernel-openid-'));
  server = await startServer('own', { api: 'slipway' });
  plain = await startServer('plain', { api: '9.1' });
});
afterAll(async () => {
  await server.close();
  await plain.close();
  await issuer.close();
  await rm(directory, { recursive: true, force: true });
});

let kernel: KernelProcess | undefined;
afterEach(async () => {
  await kernel?.stop();
  kernel = undefined;
});

async function startServer(name: string, config: Partial<ServerConfig>): Promise<SlipwayServer> {
  const started = await createServer(
    testConfig(join(directory, name), {
      embedded: false,
      authentication: { openid: openIdConfig(issuer) },
      ...config,
    }),
  );
  await started.listen();
  return started;
}

/** Starts a kernel whose environment says nothing but this. */
async function start(variables: NodeJS.ProcessEnv = {}): Promise<KernelProcess['client']> {
  const nothing = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('SLIPWAY_'))
      .map((name) => [name, '']),
  );
  const environment = { ...nothing, ...cliEnvironment(directory) };
  kernel = await startKernel({ ...environment, XDG_CONFIG_HOME: directory, ...variables });
  return kernel.client;
}

/** Starts a kernel that is logged in already, with a token, to the one or to the other server. */
async function startElsewhere(than = server.url): Promise<KernelProcess['client']> {
  const { url } = than === server.url ? plain : server;
  return await start({ SLIPWAY_URL: url, SLIPWAY_TOKEN: await issuer.token() });
}

const isCard = (state: string) => (message: ReadMessage) =>
  message.content.data?.[RESULT]?.login === state;

/** The card with the code, of the cell; those of others are not looked at. */
async function card(client: KernelProcess['client'], cell: string): Promise<ReadMessage> {
  const isOurs = isCard('waiting');
  return await client.next((message) => message.parent.msg_id === cell && isOurs(message));
}

/** Does what the card says, as its user does in a browser. */
async function confirm(shown: ReadMessage): Promise<void> {
  const { page, code } = shown.content.data[RESULT];
  await issuer.approve(page, code, 'ana');
}

const cards = (client: KernelProcess['client']) => client.received.filter(isCard('waiting')).length;

/** The text of what a cell has shown. */
const shown = (published: readonly ReadMessage[]) =>
  published.map(({ content }) => content.data?.['text/plain'] ?? '').join('\n');

describe('%connect URL --auth aad', () => {
  it.each([
    ['a server of ours', () => server.url],
    ['a server with the API of R Server 9.1 alone', () => plain.url],
  ])('needs nothing else to log in to %s', async (_what, url) => {
    const client = await startElsewhere(url());
    const id = await client.sendCell(`%connect ${url()} --auth aad`, ASKABLE);
    const waiting = await card(client, id);
    const { page, code } = waiting.content.data[RESULT];
    const text = waiting.content.data['text/plain'];
    expect(text).toContain(page);
    expect(text).toContain(code);
    expect(text).toMatch(new RegExp(`Issuer +${issuer.url}\nFor +${AUDIENCE}\n`));
    expect(waiting.content.data['text/html']).toContain(code);
    await confirm(waiting);
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    expect(shown(published)).toMatch(/User +ana@example.org/);
    // The code is gone from the notebook.
    const [replaced] = published.filter(isCard('confirmed'));
    expect(replaced?.type).toBe('update_display_data');
    expect(replaced?.content.transient).toEqual(waiting.content.transient);
    const services = await client.execute('%services\nprint(6 * 7)');
    expect(services.reply.content.status).toBe('ok');
    const all = JSON.stringify(client.received) + kernel?.stderr;
    expect(all).not.toContain('eyJ');
  });

  it('waits until an interrupt, and leaves what was there', async () => {
    const client = await startElsewhere();
    await client.execute('kept = 1');
    const id = await client.sendCell(`%connect ${server.url} --auth aad`, ASKABLE);
    await card(client, id);
    await client.request('interrupt_request', {}, { channel: 'control' });
    const { reply } = await client.exchange(id);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    await client.next(isCard('not confirmed'));
    expect((await client.execute('assert kept == 1')).reply.content.status).toBe('ok');
  });

  it('fails when the user refuses on the page', async () => {
    const client = await startElsewhere();
    const id = await client.sendCell(`%connect ${server.url} --auth aad`, ASKABLE);
    const { page, code } = (await card(client, id)).content.data[RESULT];
    await issuer.deny(page, code);
    const { reply } = await client.exchange(id);
    expect(reply.content).toMatchObject({ ename: 'LoginFailedError' });
    expect(reply.content.evalue).toMatch(/refused on the page/);
  });

  it('is what a server says that is sent a password', async () => {
    const client = await startElsewhere();
    const id = await client.sendCell(`%connect ${server.url}`, ASKABLE);
    await client.next(({ type }) => type === 'input_request');
    await client.answer('Password-1');
    const { reply } = await client.exchange(id);
    expect(reply.content).toMatchObject({ ename: 'PermissionError' });
    expect(reply.content.evalue).toMatch(/takes no passwords.*%connect URL --auth aad/);
  });

  it('says what to set where nobody can be asked', async () => {
    const client = await startElsewhere();
    const { reply } = await client.execute(`%connect ${server.url} --auth aad`);
    expect(reply.content).toMatchObject({ ename: 'MissingCredentialsError' });
    expect(reply.content.evalue).toContain('SLIPWAY_TOKEN');
    expect(cards(client)).toBe(0);
  });
});

describe('a server that is configured with auth aad', () => {
  it.each([
    [
      'in the entry of the kernel',
      () => ({ SLIPWAY_DEFAULT_URL: server.url, SLIPWAY_DEFAULT_AUTH: 'aad' }),
    ],
    ['in the configuration file', () => ({ SLIPWAY_CONFIG: join(directory, 'config.json') })],
  ])('%s is logged in to in the first cell, which then runs', async (_where, variables) => {
    const file = { url: 'work', servers: { work: { url: server.url, auth: 'aad' } } };
    await writeFile(join(directory, 'config.json'), JSON.stringify(file), { mode: 0o600 });
    const client = await start(variables());
    const id = await client.sendCell('print(6 * 7)', ASKABLE);
    await confirm(await card(client, id));
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    expect(published.find(({ type }) => type === 'stream')?.content.text).toBe('42\n');
  });

  it('shows its code again in the next cell when the one that showed it was interrupted', async () => {
    const client = await start({ SLIPWAY_URL: server.url, SLIPWAY_AUTH: 'aad' });
    const first = await client.sendCell('1', ASKABLE);
    await card(client, first);
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(first);
    const second = await client.sendCell('2', ASKABLE);
    await confirm(await card(client, second));
    expect((await client.exchange(second)).reply.content.status).toBe('ok');
  });

  it('stays logged in by a refresh token, while a cell runs and without asking again', async () => {
    const client = await start({ SLIPWAY_URL: server.url, SLIPWAY_AUTH: 'aad' });
    const id = await client.sendCell('kept = 1', ASKABLE);
    await confirm(await card(client, id));
    await client.exchange(id);
    const before = issuer.asked.filter((path) => path === '/token').length;
    await client.execute(`import time\ntime.sleep(${TOKEN_LIFE})`);
    expect(issuer.asked.filter((path) => path === '/token').length).toBeGreaterThan(before);
    const { reply } = await client.execute('%services\nassert kept == 1');
    expect(reply.content.status).toBe('ok');
    expect(cards(client)).toBe(1);
  });

  it('has the user log in again, in the same session, when the issuer has ended the login', async () => {
    const client = await start({ SLIPWAY_URL: server.url, SLIPWAY_AUTH: 'aad' });
    const id = await client.sendCell('kept = 1', ASKABLE);
    await confirm(await card(client, id));
    await client.exchange(id);
    issuer.endLogins();
    // The cell goes on until the issuer has been asked whether its user has confirmed.
    const again = await client.sendCell(`import time\ntime.sleep(${2 * TOKEN_LIFE})`, ASKABLE);
    await confirm(await card(client, again));
    await client.exchange(again);
    expect((await client.execute('%services\nassert kept == 1')).reply.content.status).toBe('ok');
    expect(cards(client)).toBe(2);
  });
});

describe('slipway token', () => {
  it('has the user of a terminal log in in their browser, and prints the token alone', async () => {
    const terminal = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
    const command = [process.execPath, join(projectRoot, 'dist/src/cli/main.js'), 'token'];
    const env = { SLIPWAY_URL: server.url, SLIPWAY_AUTH: 'aad', XDG_CONFIG_HOME: directory };
    const child = spawn(python, ['-c', terminal, ...command], {
      env: cliEnvironment(directory, env),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let said = '';
    for await (const piece of child.stdout) {
      said += String(piece);
      const [, page, code] = /open (\S+) and enter the code (\S+) there/.exec(said) ?? [];
      if (page !== undefined && code !== undefined && !said.includes('eyJ')) {
        await issuer.approve(page, code, 'ana');
        said = '';
      }
    }
    expect(await closed).toEqual([0, null]);
    const token = said.trim();
    expect(token).toMatch(/^eyJ[\w.-]+$/);
    expect((await send(server.url, token, 'GET', '/services')).status).toBe(200);
  });
});
