import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { statesOf, textOf } from '../support/exchange.js';
import { type KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
  await client.execute('import json, time, ctypes\nquite_long_name = 1\ndef quite_useful(): pass');
  // Completion of the session's own is slow once: it loads what it needs.
  await client.request('complete_request', { code: 'pri', cursor_pos: 3 });
  await namesAreKnown();
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

/** The cell that a test leaves running. */
let running: string | undefined;

afterEach(async () => {
  if (running === undefined) return;
  await client.request('interrupt_request', {}, { channel: 'control' });
  await client.exchange(running);
  running = undefined;
});

/** Starts a cell and resolves when `before` has run and `code` begins. */
async function run(code: string, before = ''): Promise<string> {
  const id = await client.sendCell(`${before}\nprint("begun", flush=True)\n${code}`);
  running = id;
  await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
  return id;
}

/**
 * Starts a cell that sleeps with the interpreter's lock held: nothing else of Python's can run.
 * Resolves when it does.
 */
async function runDeaf(seconds: number, before = ''): Promise<string> {
  const sign = join(server.home, `deaf-${++deafCells}`);
  const code = `ctypes.PyDLL(None).system(b"touch '${sign}'; sleep ${seconds}")`;
  running = await client.sendCell(`${before}\n${code}`);
  await vi.waitFor(() => access(sign), { timeout: 10_000, interval: 5 });
  return running;
}

let deafCells = 0;

const complete = (code: string) =>
  client.request('complete_request', { code, cursor_pos: Array.from(code).length });

/** Waits until the kernel knows what the names are, for which it asks after a rest. */
async function namesAreKnown(): Promise<void> {
  for (;;) {
    const id = await runDeaf(1);
    const { reply } = await complete('quite_lo');
    await client.exchange(id);
    running = undefined;
    const [known] = reply.content.metadata._jupyter_types_experimental ?? [];
    if (known?.type === 'instance') return;
    await namesAreAsked();
  }
}

/** Gives the kernel the rest that it waits for. */
const namesAreAsked = () => delay(200);

const questions: [type: string, content: object][] = [
  ['complete_request', { code: 'quite_lo', cursor_pos: 8 }],
  ['inspect_request', { code: 'quite_useful', cursor_pos: 3, detail_level: 0 }],
  ['is_complete_request', { code: 'for i in x:' }],
  ['history_request', { hist_access_type: 'tail', n: 1, raw: true, output: false }],
  ['comm_info_request', {}],
];

const hasEnded = (id: string) =>
  client.received.some(({ parent, channel }) => parent.msg_id === id && channel === 'shell');

describe('while a cell waits', () => {
  it.each(questions)('%s is answered by the session', async (type, content) => {
    const cell = await run('time.sleep(60)');
    const exchange = await client.request(type, content);
    expect(exchange.reply.type).toBe(type.replace('_request', '_reply'));
    expect(exchange.reply.content.status).not.toBe('error');
    expect(exchange.reply.parent.subshell_id).toBeUndefined();
    expect(statesOf(exchange)).toEqual(['busy', 'idle']);
    expect(hasEnded(cell)).toBe(false);
  });

  it('completion knows what the cell has made so far', async () => {
    await run('time.sleep(60)', 'made_by_this_cell = 1');
    const { reply } = await complete('json.dum');
    expect(reply.content.matches.map((match: string) => match.replace(/^json\./, ''))).toContain(
      'dumps',
    );
    expect((await complete('made_by_t')).reply.content.matches).toContain('made_by_this_cell');
  });
});

describe('while a cell computes', () => {
  it.each(questions)('%s is answered before the cell ends', async (type, content) => {
    const cell = await run('while True: pass');
    const exchange = await client.request(type, content);
    expect(exchange.reply.content.status).not.toBe('error');
    expect(statesOf(exchange)).toEqual(['busy', 'idle']);
    expect(hasEnded(cell)).toBe(false);
  });
});

/** A notebook's own subshell, or none: then the kernel sees to it. */
const clients: [string, () => Promise<object>][] = [
  ['names no subshell', async () => ({})],
  [
    'names a subshell of its own',
    async () => {
      const created = await client.request('create_subshell_request', {}, { channel: 'control' });
      return { subshell_id: created.reply.content.subshell_id };
    },
  ],
];

describe.each(clients)('a comm of a client that %s', (_name, subshellOf) => {
  let header: object;
  let comm_id: string;
  const post = (type: string, content: object = {}) =>
    client.send(type, { comm_id, data: {}, ...content }, { header });
  const move = (value: number) => post('comm_msg', { data: { value } });

  beforeAll(async () => {
    await client.execute(
      [
        'import threading',
        'value, values, threads = 0, [], []',
        'def opened(comm, message):',
        '    @comm.on_msg',
        '    def changed(m):',
        '        global value',
        '        value = m["content"]["data"]["value"]',
        '        values.append(value)',
        '        threads.append(threading.current_thread() is threading.main_thread())',
        '        print("now", value)',
        '        comm.send({"seen": value})',
        'get_ipython().kernel.comm_manager.register_target("meanwhile-slider", opened)',
      ].join('\n'),
    );
    header = await subshellOf();
    comm_id = `slider-${JSON.stringify(header)}`;
    await client.idle(await post('comm_open', { target_name: 'meanwhile-slider' }));
  });

  afterAll(async () => {
    await client.idle(await post('comm_close'));
  });

  afterEach(async () => {
    await client.execute('value = 0; values.clear(); threads.clear()');
  });

  it.each(['time.sleep(0.01)', 'pass'])(
    'is answered within a second while a cell does nothing but %s, and the cell sees it',
    async (wait) => {
      const cell = await run(`while value != 7: ${wait}\nprint("seen", value)`);
      const sent = performance.now();
      const moved = await move(7);
      await client.idle(moved);
      expect(performance.now() - sent).toBeLessThan(1000);
      const published = client.publishedFor(moved);
      // What is printed may come in two pieces, as with ipykernel.
      const others = published.map(({ type }) => type).filter((type) => type !== 'stream');
      expect(others).toEqual(['status', 'comm_msg', 'status']);
      expect(statesOf({ published })).toEqual(['busy', 'idle']);
      expect(published.at(0)?.type).toBe('status');
      expect(published.at(-1)?.type).toBe('status');
      expect(published.find(({ type }) => type === 'comm_msg')?.content.data).toEqual({ seen: 7 });
      expect(textOf({ published })).toBe('now 7\n');
      expect(published.at(-1)?.parent.subshell_id).toBe(
        (header as { subshell_id?: string }).subshell_id,
      );
      expect(textOf(await client.exchange(cell))).toContain('seen 7');
      running = undefined;
    },
  );

  it('is handled before the cell that is sent after it, in the order of its messages', async () => {
    const moved = [await move(1), await move(2)];
    const cell = await client.sendCell('print(values, value)\nimport time; time.sleep(0.2)');
    moved.push(await move(3), await move(4));
    expect(textOf(await client.exchange(cell))).toBe('[1, 2] 2\n');
    for (const id of moved) await client.idle(id);
    expect(textOf(await client.execute('print(values)'))).toBe('[1, 2, 3, 4]\n');
  });

  it('is handled by the main thread while no cell runs', async () => {
    // The session may still be putting the last cell away when that has answered.
    await vi.waitFor(async () => {
      await client.idle(await move(5));
      expect(textOf(await client.execute('print(threads[-1])'))).toBe('True\n');
    });
  });

  it('may be unknown, and is no hindrance then', async () => {
    await run('while value != 7: time.sleep(0.01)');
    await client.idle(await post('comm_msg', { comm_id: 'nobody' }));
    await client.idle(await post('comm_close', { comm_id: 'nobody' }));
    await client.idle(await move(7));
  });

  it('goes on after an interrupt of the cell', async () => {
    const cell = await run('while True: time.sleep(0.01)');
    await client.idle(await move(1));
    await client.request('interrupt_request', {}, { channel: 'control' });
    expect((await client.exchange(cell)).reply.content.ename).toBe('KeyboardInterrupt');
    running = undefined;
    await client.idle(await move(2));
    expect(textOf(await client.execute('print(values)'))).toBe('[1, 2]\n');
  });
});

describe('while a cell lets nothing else of Python run', () => {
  it('completion is answered from the names that are known', async () => {
    const cell = await runDeaf(3, 'soon_here = 1');
    const { reply } = await complete('x = quite_');
    expect(reply.content.matches).toEqual(['quite_long_name', 'quite_useful']);
    expect(reply.content).toMatchObject({ status: 'ok', cursor_start: 4, cursor_end: 10 });
    const types = reply.content.metadata._jupyter_types_experimental;
    expect(types.map(({ type }: { type: string }) => type)).toEqual(['instance', 'function']);
    expect((await complete('json.dum')).reply.content.matches).toEqual(['dump', 'dumps']);
    expect((await complete('retu')).reply.content.matches).toEqual(['return']);
    expect((await complete('isinst')).reply.content.matches).toEqual(['isinstance']);
    expect((await complete('soon_')).reply.content.matches).toEqual(['soon_here']);
    expect((await complete('"😀"; json.l')).reply.content).toMatchObject({
      matches: ['load', 'loads'],
      cursor_start: 10,
    });
    expect((await complete('unknown().pri')).reply.content.matches).toEqual([]);
    expect(hasEnded(cell)).toBe(false);
  });

  it('inspection says what a name is, is_complete what is open, comm_info what is there', async () => {
    await client.idle(
      await client.send('comm_open', { comm_id: 'gone', target_name: 'nobody', data: {} }),
    );
    await client.execute(
      'from ipykernel.comm import Comm\nkept = Comm("meanwhile", comm_id="kept")',
    );
    const cell = await runDeaf(3);
    const ask = async (type: string, content: object) =>
      (await client.request(type, content)).reply.content;
    const inspected = await ask('inspect_request', { code: 'quite_useful', cursor_pos: 4 });
    expect(inspected).toMatchObject({ status: 'ok', found: true });
    expect(inspected.data['text/plain']).toContain('quite_useful: function');
    expect(await ask('inspect_request', { code: 'nothing', cursor_pos: 4 })).toMatchObject({
      status: 'ok',
      found: false,
    });
    expect(await ask('is_complete_request', { code: 'for i in x:' })).toEqual({
      status: 'incomplete',
      indent: '    ',
    });
    expect((await ask('comm_info_request', {})).comms).toEqual({
      kept: { target_name: 'meanwhile' },
    });
    expect((await ask('comm_info_request', { target_name: 'other' })).comms).toEqual({});
    expect(hasEnded(cell)).toBe(false);
  });

  it('the late answer of the session is dropped, and none is sent twice', async () => {
    const cell = await runDeaf(2);
    const asked: string[] = [];
    for (const [type, content] of questions) asked.push(await client.send(type, content));
    const ended = await client.exchange(cell);
    expect(ended.reply.content.status).toBe('ok');
    // By now the session has had its say: what follows is answered after all of it.
    for (const [type, content] of questions) await client.request(type, content);
    await client.execute('1');
    for (const [index, id] of asked.entries()) {
      const own = client.received.filter(({ parent }) => parent.msg_id === id);
      const label = questions[index]?.[0];
      expect(own.filter(({ channel }) => channel === 'shell').length, label).toBe(1);
      expect(statesOf({ published: client.publishedFor(id) }), label).toEqual(['busy', 'idle']);
    }
  });

  it('answers keep the order of the questions', async () => {
    await runDeaf(2);
    const code = ['quite_', 'json.', 'isinst'];
    const ids: string[] = [];
    for (const text of code) {
      const content = { code: text, cursor_pos: text.length };
      ids.push(await client.send('complete_request', content));
    }
    for (const id of ids) await client.exchange(id);
    const answered = client.received
      .filter(({ channel, parent }) => channel === 'shell' && ids.includes(parent.msg_id ?? ''))
      .map(({ parent }) => parent.msg_id);
    expect(answered).toEqual(ids);
  });
});
