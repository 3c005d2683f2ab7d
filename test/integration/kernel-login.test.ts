import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cliEnvironment, runCli } from '../support/cli.js';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.js';
import { Door } from '../support/door.js';
import { type KernelProcess, type ReadMessage, startKernel } from '../support/kernel.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let directory: string;
beforeAll(async () => {
  server = await startTestServer({ embedded: false });
  directory = await mkdtemp(join(tmpdir(), 'slipway-kernel-login-'));
});
afterAll(async () => {
  // A kernel that is told of no server begins with the user's own.
  await runCli(['server', 'stop'], cliEnvironment(directory));
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

let proxy: CuttingProxy;
let kernel: KernelProcess | undefined;
/** The account of one test, since refused logins are counted. */
let user: string;
let count = 0;
beforeEach(async () => {
  proxy = await startCuttingProxy(server.url);
  count += 1;
  user = `user-${count}`;
  await setPassword('Password-1');
});
afterEach(async () => {
  await kernel?.stop();
  kernel = undefined;
  await proxy.close();
});

const setPassword = (password: string) =>
  server.server.context.auth.accounts.setPassword(user, password);

/** Starts a kernel whose environment says nothing but this. */
async function start(variables: NodeJS.ProcessEnv = {}): Promise<KernelProcess['client']> {
  const nothing = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('SLIPWAY_'))
      .map((name) => [name, '']),
  );
  kernel = await startKernel({
    ...nothing,
    ...cliEnvironment(directory),
    XDG_CONFIG_HOME: directory,
    SLIPWAY_URL: proxy.url,
    SLIPWAY_USER: user,
    ...variables,
  });
  return kernel.client;
}

const withPassword = () => start({ SLIPWAY_PASSWORD: 'Password-1' });

/** The question number `index`, from 0. */
async function question(client: KernelProcess['client'], index = 0): Promise<ReadMessage> {
  const asked = () => client.received.filter(({ type }) => type === 'input_request');
  await client.next(() => asked().length > index);
  return asked()[index] as ReadMessage;
}

const printed = (published: readonly ReadMessage[]) =>
  published
    .filter(({ type }) => type === 'stream')
    .map(({ content }) => content.text)
    .join('');

/** The texts of all results, the progress of magics included. */
const shown = (published: readonly ReadMessage[]) =>
  published
    .filter(({ type }) => type === 'display_data')
    .map(({ content }) => content.data['text/plain'])
    .join('\n');

const ASKABLE = { allow_stdin: true };
/** Prints its first line at once and its last when the connection has been cut meanwhile. */
const LONG_CELL = `import time
print("begun", flush=True)
for number in range(20):
    time.sleep(0.1)
    print(number, flush=True)
print("ended")`;
const LONG_OUTPUT = `begun\n${Array.from({ length: 20 }, (_, number) => `${number}\n`).join('')}ended\n`;

/** Runs the long cell, and takes the kernel's login away while it runs. */
async function loseLogin(client: KernelProcess['client'], content: object): Promise<string> {
  const id = await client.sendCell(LONG_CELL, content);
  await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
  await setPassword('Password-2');
  proxy.cut();
  return id;
}

describe('a kernel that knows its server and not how to log in', () => {
  it('asks in the first cell, without an echo, again after a wrong answer, and runs the cell', async () => {
    const client = await start();
    const id = await client.sendCell('6 * 7', ASKABLE);
    const first = await question(client);
    expect(first.content).toEqual({
      prompt: `Password of ${user} at ${proxy.url}: `,
      password: true,
    });
    expect(first.parent.msg_id).toBe(id);
    await client.answer('wrong');
    const second = await question(client, 1);
    expect(second.content.prompt).toMatch(/^The username or the password is wrong\. Password of/);
    await client.answer('Password-1');
    const { reply, published } = await client.exchange(id);
    expect(reply.content).toMatchObject({ status: 'ok', execution_count: 1 });
    expect(published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': '42',
    });
  });

  it('fails the cell of a client that takes no input, says what to set, and asks the next', async () => {
    const client = await start();
    const hidden = await client.execute('1', { silent: true });
    expect(hidden.reply.content).toMatchObject({ ename: 'MissingCredentialsError' });
    const { reply } = await client.execute('1');
    expect(reply.content.evalue).toMatch(
      /SLIPWAY_URL names http.*set SLIPWAY_USER and SLIPWAY_PASSWORD/,
    );
    const id = await client.sendCell('"in"', ASKABLE);
    await question(client);
    await client.answer('Password-1');
    expect((await client.exchange(id)).reply.content.status).toBe('ok');
  });

  it('lets an interrupt end the question, and asks again in the next cell', async () => {
    const client = await start();
    const id = await client.sendCell('1', ASKABLE);
    await question(client);
    await client.request('interrupt_request', {}, { channel: 'control' });
    expect((await client.exchange(id)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
    const next = await client.sendCell('1', ASKABLE);
    await question(client, 1);
    await client.answer('Password-1');
    expect((await client.exchange(next)).reply.content.status).toBe('ok');
  });

  it('does not ask for it when the cell connects elsewhere', async () => {
    const other = await server.addUser(`other-${count}`);
    expect(other).toMatch(/^ey/);
    const client = await start();
    const id = await client.sendCell(`%connect ${server.url} --user other-${count}`, ASKABLE);
    const { content } = await question(client);
    expect(content.prompt).toBe(`Password of other-${count} at ${server.url}: `);
    await client.answer(`other-${count} has a password`);
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    expect(shown(published)).toContain('%connect: %connect URL');
    expect(client.received.filter(({ type }) => type === 'input_request')).toHaveLength(1);
  });
});

describe('a login that ends while a cell runs', () => {
  it('is asked for in the cell, which goes on and loses no output', async () => {
    const client = await withPassword();
    await client.execute('kept = 1');
    const id = await loseLogin(client, ASKABLE);
    const { content, parent } = await question(client);
    expect(parent.msg_id).toBe(id);
    expect(content).toEqual({
      prompt: `The username or the password is wrong. Password of ${user} at ${proxy.url}: `,
      password: true,
    });
    await client.answer('Password-2');
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    expect(printed(published)).toBe(LONG_OUTPUT);
    expect((await client.execute('assert kept == 1')).reply.content.status).toBe('ok');
  });

  it('fails the cell where nobody can be asked; the session stays, and the next cell gets it', async () => {
    const client = await withPassword();
    await client.execute('kept = 1');
    const id = await loseLogin(client, {});
    const { reply } = await client.exchange(id);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'ConnectionLost' });
    expect(reply.content.evalue).toMatch(
      /Correct SLIPWAY_PASSWORD, or run %connect .* --user user/,
    );
    const next = await client.sendCell('kept', ASKABLE);
    await question(client);
    await client.answer('Password-2');
    const { reply: second } = await client.exchange(next);
    expect(second.content.status).toBe('ok');
  });

  it('waits for its turn when the session asks the user something, too', async () => {
    const client = await withPassword();
    const id = await client.sendCell('print("got", input("Name? "))', ASKABLE);
    expect((await question(client)).content.prompt).toBe('Name? ');
    await setPassword('Password-2');
    proxy.cut();
    await client.answer('ana');
    expect((await question(client, 1)).content.prompt).toContain('Password of');
    await client.answer('Password-2');
    const { published } = await client.exchange(id);
    expect(printed(published)).toContain('got ana');
  });

  it('can be interrupted at the question; the cell fails with what to do', async () => {
    const client = await withPassword();
    const id = await loseLogin(client, ASKABLE);
    await question(client);
    await client.request('interrupt_request', {}, { channel: 'control' });
    const { reply } = await client.exchange(id);
    expect(reply.content.evalue).toContain('%connect');
  });
});

describe('a login that ends while no cell runs', () => {
  it('is asked for in the next cell, in the same session', async () => {
    const client = await withPassword();
    await client.execute('kept = 1');
    await setPassword('Password-2');
    proxy.cut();
    const id = await client.sendCell('print(kept)', ASKABLE);
    const { parent } = await question(client);
    expect(parent.msg_id).toBe(id);
    await client.answer('Password-2');
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    expect(printed(published)).toBe('1\n');
  });

  it('moves on to the next cell when the one that was asked ends without it', async () => {
    const client = await withPassword();
    await client.execute('kept = 1');
    await setPassword('Password-2');
    proxy.cut();
    const id = await client.sendCell('print(kept)', ASKABLE);
    await question(client);
    await client.answer('');
    expect((await client.exchange(id)).reply.content.status).toBe('error');
    const next = await client.sendCell('print(kept)', ASKABLE);
    await question(client, 1);
    await client.answer('Password-2');
    expect(printed((await client.exchange(next)).published)).toContain('1\n');
  });
});

describe('a token', () => {
  it('is renewed ahead of time while a cell runs that asks for nothing', async () => {
    const renewals: string[] = [];
    const door = await Door.create();
    await door.put((socket) => {
      const { hostname, port } = new URL(server.url);
      const upstream = connect(Number(port), hostname);
      socket.on('data', (chunk: Buffer) => {
        if (chunk.toString('latin1').startsWith('POST /login/refreshToken')) renewals.push('asked');
        upstream.write(chunk);
      });
      // As long as before, so that the length of the answer stays right.
      upstream.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1').replace('"expires_in":3600', '"expires_in":2   ');
        socket.write(Buffer.from(text, 'latin1'));
      });
      upstream.on('close', () => socket.destroy());
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    });
    try {
      const client = await start({ SLIPWAY_URL: door.url, SLIPWAY_PASSWORD: 'Password-1' });
      const id = await client.sendCell('import time\ntime.sleep(6)');
      await client.next(({ parent, type }) => parent.msg_id === id && type === 'execute_input');
      const before = renewals.length;
      expect((await client.exchange(id)).reply.content.status).toBe('ok');
      expect(renewals.length).toBeGreaterThanOrEqual(before + 2);
      expect((await client.execute('%session list')).reply.content.status).toBe('ok');
    } finally {
      await kernel?.stop();
      kernel = undefined;
      await door.close();
    }
  });

  it('that ends is asked for in the running cell', async () => {
    const token = await server.login(user, 'Password-1');
    const client = await start({ SLIPWAY_TOKEN: token, SLIPWAY_USER: '' });
    await client.execute('1');
    const id = await loseLogin(client, ASKABLE);
    expect((await question(client)).content.prompt).toBe(
      `The server refuses the access token: it has expired or was revoked. Access token for ${proxy.url}: `,
    );
    await client.answer(await server.login(user, 'Password-2'));
    expect(printed((await client.exchange(id)).published)).toBe(LONG_OUTPUT);
  });
});

describe('%connect', () => {
  it('asks until the answer is right, and shows where each setting comes from', async () => {
    const client = await withPassword();
    const name = `second-${count}`;
    await server.server.context.auth.accounts.setPassword(name, 'Another-1');
    const id = await client.sendCell(`%connect ${server.url} --user ${name}`, ASKABLE);
    await question(client);
    await client.answer('wrong');
    await question(client, 1);
    await client.answer('Another-1');
    expect((await client.exchange(id)).reply.content.status).toBe('ok');
    const { published } = await client.execute('%connect');
    expect(shown(published)).toMatch(/user +second-\d+ +%connect: --user NAME/);
    expect(JSON.stringify(client.received)).not.toContain('Another-1');
  });

  it('says what to set where it cannot ask, and takes it from there', async () => {
    const client = await start({ SLIPWAY_URL: '', SLIPWAY_USER: '' });
    const cell = `%connect ${server.url} --user ${user}`;
    const { reply } = await client.execute(cell);
    expect(reply.content).toMatchObject({ ename: 'MissingCredentialsError' });
    expect(reply.content.evalue).toMatch(/takes no input.* Set SLIPWAY_USER and SLIPWAY_PASSWORD/);
    await kernel?.stop();
    const batch = await start({
      SLIPWAY_URL: '',
      SLIPWAY_USER: '',
      SLIPWAY_PASSWORD: 'Password-1',
    });
    expect((await batch.execute(cell)).reply.content.status).toBe('ok');
  });

  it('goes back to where it was when the login fails', async () => {
    const client = await withPassword();
    await client.execute('kept = 1');
    const id = await client.sendCell(`%connect ${server.url} --user nobody`, ASKABLE);
    await question(client);
    await client.answer('');
    expect((await client.exchange(id)).reply.content).toMatchObject({ status: 'error' });
    expect((await client.execute('assert kept == 1')).reply.content.status).toBe('ok');
  });

  it.each([
    ['%connect http://ana:Secret-1@host', /carries no user name or password/],
    ['%connect http://host --password Secret-1', /a cell is saved with the notebook/],
    ['%connect http://host --token=Secret-1', /a cell is saved with the notebook/],
    ['%connect http://host --auth ldap', /--auth ldap --user NAME/],
    ['%connect --user ana', /Say with which server/],
  ])('refuses %s and says why, without repeating a secret', async (cell, reason) => {
    const client = await withPassword();
    const { reply, published } = await client.execute(cell, ASKABLE);
    expect(reply.content.evalue).toMatch(reason);
    const said = [reply, ...published.filter(({ type }) => type !== 'execute_input')];
    expect(JSON.stringify(said)).not.toContain('Secret-1');
    expect(kernel?.stderr).not.toContain('Secret-1');
  });
});
