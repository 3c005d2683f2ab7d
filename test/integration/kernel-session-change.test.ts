import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cliEnvironment } from '../support/cli.js';
import { type Behaviour, Door, http } from '../support/door.js';
import { type KernelProcess, type ReadMessage, startKernel } from '../support/kernel.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** A way to the server on which the start of a session waits until the test lets it go on. */
class SlowStart {
  isHolding = false;
  /** Ids of the sessions that were to be closed. */
  readonly closed: string[] = [];
  readonly #held: { readonly client: Socket; goOn(): void }[] = [];

  constructor(private readonly target: string) {}

  get behaviour(): Behaviour {
    const { hostname, port } = new URL(this.target);
    return (client) => {
      const server = connect(Number(port), hostname);
      server.on('error', () => client.destroy());
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
      client.on('data', (data) => {
        const closes = /^DELETE \/sessions\/([^/ ]+)/.exec(data.toString('latin1'))?.[1];
        if (closes !== undefined) this.closed.push(closes);
        const isStart = data.includes('POST /sessions HTTP');
        if (this.isHolding && isStart) this.#held.push({ client, goOn: () => server.write(data) });
        else server.write(data);
      });
      server.pipe(client);
    };
  }

  /** Resolves when a start is held. */
  async reached(): Promise<void> {
    await vi.waitFor(() => expect(this.#held).toHaveLength(1), { timeout: 10_000 });
  }

  goOn(): void {
    this.isHolding = false;
    for (const { goOn } of this.#held.splice(0)) goOn();
  }

  refuse(): void {
    this.isHolding = false;
    for (const { client } of this.#held.splice(0)) client.write(http('403 Forbidden', ''));
  }
}

let server: TestServer;
let directory: string;
let door: Door;
let way: SlowStart;
let kernel: KernelProcess;

beforeAll(async () => {
  server = await startTestServer({ embedded: false });
  directory = await mkdtemp(join(tmpdir(), 'slipway-session-change-'));
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  door = await Door.create();
  way = new SlowStart(server.url);
  await door.put(way.behaviour);
  kernel = await startKernel({
    ...cliEnvironment(directory),
    SLIPWAY_URL: door.url,
    SLIPWAY_USER: 'admin',
    SLIPWAY_PASSWORD: server.password,
    SLIPWAY_TOKEN: '',
  });
});
afterEach(async () => {
  await kernel.stop();
  await door.close();
});

const sessionIds = async () => {
  const answer = await server.request('GET', '/sessions');
  return answer.json<{ id: string }[]>().map(({ id }) => id);
};

const run = async (code: string) => {
  const { reply, published } = await kernel.client.execute(code);
  const texts = published.filter(({ type }) => type === 'stream').map(({ content }) => content);
  const textOf = (name: string) =>
    texts
      .filter((each) => each.name === name)
      .map(({ text }) => text)
      .join('');
  return { reply: reply.content, stdout: textOf('stdout'), stderr: textOf('stderr') };
};

/** Sends a cell that starts a session, and waits until the start is under way. */
async function beginStart(cell: string): Promise<() => Promise<ReadMessage>> {
  way.isHolding = true;
  const id = await kernel.client.sendCell(cell);
  await way.reached();
  return async () => (await kernel.client.exchange(id)).reply;
}

const interrupt = () => kernel.client.request('interrupt_request', {}, { channel: 'control' });

describe('a change of session that the user interrupts', () => {
  it.each(['%session new', '%connect URL --user admin'])(
    '%s leaves the notebook on the session it was on, and no other behind',
    async (magic) => {
      await run('mine = 42');
      const before = await sessionIds();
      const ended = await beginStart(magic.replace('URL', door.url));
      await interrupt();
      expect((await ended()).content).toMatchObject({
        status: 'error',
        ename: 'KeyboardInterrupt',
      });
      expect((await run('print(mine)')).stdout).toBe('42\n');
      way.goOn();
      await vi.waitFor(() => expect(way.closed).toHaveLength(1), { timeout: 10_000 });
      await vi.waitFor(async () => expect(await sessionIds()).toEqual(before), { timeout: 5000 });
      expect(await run('print(mine)')).toMatchObject({ stdout: '42\n', stderr: '' });
    },
  );

  it('does not interrupt the next cell where the notebook was on none', async () => {
    await run('1');
    await run('%session close');
    const ended = await beginStart('%session new');
    await interrupt();
    expect((await ended()).content).toMatchObject({ ename: 'KeyboardInterrupt' });
    const next = run('print(1 + 1)');
    way.goOn();
    expect(await next).toMatchObject({ reply: { status: 'ok' }, stdout: '2\n' });
    expect(await sessionIds()).toHaveLength(1);
  });
});

describe('a session that ends while another one is started', () => {
  it('is followed by a fresh one when that start fails', async () => {
    await run('mine = 42');
    const [before] = await sessionIds();
    const ended = await beginStart('%session new');
    await server.request('DELETE', `/sessions/${before}/force`);
    await vi.waitFor(() => expect(kernel.stderr).toContain('link has ended'), { timeout: 5000 });
    way.refuse();
    expect((await ended()).content).toMatchObject({ status: 'error', ename: 'PermissionError' });
    const next = await run('print("mine" in globals())');
    expect(next).toMatchObject({ reply: { status: 'ok' }, stdout: 'False\n' });
    expect(next.stderr).toContain('fresh session');
  });
});
