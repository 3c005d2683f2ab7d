import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../../support/embedded-server.js';
import {
  type Exchange,
  type KernelClient,
  type KernelProcess,
  startKernel,
  within,
} from '../../support/kernel.js';
import { residentBytes } from '../../support/memory.js';

/** Milliseconds within which an interrupted cell has to end; on an idle machine it takes 100. */
const INTERRUPT_LIMIT = 5000;
const MB = 1024 * 1024;

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});
afterEach(() => {
  client.received.splice(0);
});

/** What a cell printed on stdout and stderr. */
function printed({ published }: Pick<Exchange, 'published'>): string {
  return published
    .filter(({ type }) => type === 'stream')
    .map(({ content }) => content.text)
    .join('');
}

function errorsOf({ published }: Pick<Exchange, 'published'>): string[] {
  return published
    .filter(({ type }) => type === 'error')
    .map(({ content }) => `${content.ename}: ${content.evalue}`);
}

async function interrupt(): Promise<void> {
  await client.request('interrupt_request', {}, { channel: 'control' });
}

/** Starts a cell, waits for the line `running`, interrupts it, and returns all of it. */
async function interrupted(code: string, before?: () => Promise<void>): Promise<Exchange> {
  const id = await client.sendCell(code);
  await client.next(
    ({ type, parent, content }) =>
      type === 'stream' && parent.msg_id === id && String(content.text).includes('running'),
  );
  await before?.();
  await interrupt();
  return await within(client.exchange(id), 'the end of an interrupted cell', INTERRUPT_LIMIT);
}

describe('a session survives cells that', () => {
  beforeAll(async () => {
    await client.execute('kept = 42');
  });
  afterEach(async () => {
    const next = await client.execute('print("kept is", kept)');
    expect(printed(next)).toBe('kept is 42\n');
    expect(next.reply.content.status).toBe('ok');
  });

  it.each([
    ['compute without end', 'print("running", flush=True)\nwhile True: pass'],
    ['sleep', 'import time\nprint("running", flush=True)\ntime.sleep(600)'],
    [
      'wait for a lock that nobody gives back',
      'import threading\nlock = threading.Lock()\nlock.acquire()\nprint("running", flush=True)\nlock.acquire()',
    ],
    ['await without end', 'import asyncio\nprint("running", flush=True)\nawait asyncio.sleep(600)'],
    [
      'wait for a child process',
      'import subprocess\nprint("running", flush=True)\nsubprocess.run(["sleep", "600"])',
    ],
  ])('%s, when they are interrupted', async (_what, code) => {
    const cell = await interrupted(code);
    expect(cell.reply.content.status).toBe('error');
    expect(errorsOf(cell).join()).toMatch(/^(KeyboardInterrupt|CancelledError)/);
  });

  it('run a shell command, when they are interrupted', async () => {
    // IPython passes the interrupt to the command, and may take its end for a good one.
    await interrupted('!echo running; sleep 600');
  });

  it('print without end, in bounded memory, when they are interrupted', async () => {
    const cell = await interrupted(
      'print("running", flush=True)\nwhile True: print("x" * 100)',
      async () => {
        const start = Date.now();
        while (Date.now() - start < 3000) {
          client.received.splice(1);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(await residentBytes(kernel.child.pid as number)).toBeLessThan(300 * MB);
        expect(await residentBytes(server.pid)).toBeLessThan(400 * MB);
      },
    );
    expect(errorsOf(cell)).toEqual(['KeyboardInterrupt: ']);
  }, 60_000);

  it('display 500 MB, in bounded memory', async () => {
    const id = await client.sendCell(
      'from IPython.display import display\nfor i in range(100):\n    display({"text/plain": f"{i} " + "x" * 5_000_000}, raw=True)',
    );
    let bytes = 0;
    let peak = 0;
    const isIdle = client.idle(id).then(() => true);
    while (
      !(await Promise.race([isIdle, new Promise((resolve) => setTimeout(resolve, 100, false))]))
    ) {
      for (const { content } of client.received.splice(0)) {
        bytes += content.data?.['text/plain']?.length ?? 0;
      }
      peak = Math.max(
        peak,
        await residentBytes(kernel.child.pid as number),
        await residentBytes(server.pid),
      );
    }
    for (const { content } of client.received.splice(0)) {
      bytes += content.data?.['text/plain']?.length ?? 0;
    }
    expect(bytes).toBeGreaterThan(500_000_000);
    expect(peak).toBeLessThan(600 * MB);
  }, 120_000);

  it('display 200 MB at once', async () => {
    const cell = await client.execute('display({"text/plain": "x" * 200_000_000}, raw=True)');
    const shown = cell.published.find(({ type }) => type === 'display_data');
    expect(shown?.content.data['text/plain']).toHaveLength(200_000_000);
  }, 60_000);

  it('print a line of ten million characters', async () => {
    const cell = await client.execute('print("x" * 10_000_000)');
    expect(printed(cell)).toHaveLength(10_000_001);
  });

  it.each([
    ['recurse without end', 'def f(n): return f(n + 1)\nf(0)', 'RecursionError'],
    ['call sys.exit()', 'import sys\nsys.exit(3)', 'SystemExit: 3'],
    [
      'raise an error with a text of ten million characters',
      'raise ValueError("x" * 10_000_000)',
      'ValueError: xxx',
    ],
    ['raise KeyboardInterrupt themselves', 'raise KeyboardInterrupt', 'KeyboardInterrupt'],
    ['raise what is no Exception', 'class Odd(BaseException): pass\nraise Odd("odd")', 'Odd: odd'],
    ['are no Python', 'this is no python', 'SyntaxError'],
    ['hold a null character', 'x = 1\0', 'SyntaxError'],
    ['nest too deeply to be parsed', `${'('.repeat(5000)}1${')'.repeat(5000)}`, 'Error: '],
  ])('%s', async (_what, code, error) => {
    const cell = await client.execute(code);
    expect(errorsOf(cell)).toHaveLength(1);
    expect(errorsOf(cell)[0]).toContain(error);
  });

  it('raise an error that cannot be printed', async () => {
    const cell = await client.execute(
      'class Bad(Exception):\n    def __str__(self): raise ValueError("no text")\n    __repr__ = __str__\nraise Bad()',
    );
    expect(cell.reply.content.status).toBe('error');
    // IPython shows why it cannot show the error.
    expect(errorsOf(cell)).toContain('ValueError: no text');
  });

  it('show an object whose __repr__ raises', async () => {
    const cell = await client.execute(
      'class Bad:\n    def __repr__(self): raise ValueError("no picture")\nBad()',
    );
    expect(errorsOf(cell)).toEqual(['ValueError: no picture']);
  });

  it('use up the memory that they may have', async () => {
    const cell = await client.execute(
      [
        'import resource',
        'limits = resource.getrlimit(resource.RLIMIT_AS)',
        'used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()',
        'resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, limits[1]))',
        'try:',
        '    hoard = []',
        '    while True: hoard.append(bytearray(1_000_000))',
        'finally:',
        '    resource.setrlimit(resource.RLIMIT_AS, limits)',
      ].join('\n'),
    );
    expect(errorsOf(cell)).toEqual(['MemoryError: ']);
    await client.execute('del hoard');
  });

  it('fork, and leave the child at once', async () => {
    const cell = await client.execute(
      'import os, sys\npid = os.fork()\nif pid == 0:\n    print("child", flush=True)\n    os._exit(0)\nos.waitpid(pid, 0)\nprint("parent")',
    );
    expect(printed(cell)).toContain('parent\n');
  });

  it('fork, and let the child go on as if it were the session', async () => {
    const cell = await client.execute('import os\npid = os.fork()\nprint(pid > 0)');
    expect(printed(cell)).toContain('True\n');
    for (let i = 0; i < 5; i++) expect(printed(await client.execute(`print(${i})`))).toBe(`${i}\n`);
    await client.execute(
      'import signal\nif pid > 0: os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)',
    );
  });

  it('print from a thread after they have ended', async () => {
    const cell = await client.execute(
      'import threading, time\ndef late():\n    time.sleep(0.5)\n    print("late")\nthread = threading.Thread(target=late)\nthread.start()',
    );
    const id = cell.reply.parent.msg_id;
    const late = await client.next(
      ({ type, content }) => type === 'stream' && String(content.text).includes('late'),
    );
    expect(late.parent.msg_id).toBe(id);
    await client.execute('thread.join()');
  });

  it.each([
    ['close sys.stdout', 'import sys\nsys.stdout.close()', ''],
    ['close sys.stderr', 'import sys\nsys.stderr.close()', ''],
    ['set sys.stdout to None', 'import sys\nsys.stdout = None', 'sys.stdout was'],
    [
      'close both and set both to None',
      'import sys\nsys.stdout.close(); sys.stderr.close(); sys.stdout = sys.stderr = None',
      'sys.stdout and sys.stderr were',
    ],
    ['put a number in place of sys.stdout', 'import sys\nsys.stdout = 5', 'sys.stdout was'],
  ])('%s', async (_what, code, told) => {
    const cell = await client.execute(code);
    expect(cell.reply.content.status).toBe('ok');
    expect(printed(cell)).toContain(told);
  });

  it('put another stream in place of sys.stdout, until they take it away', async () => {
    await client.execute('import io, sys\nown, sys.stdout = sys.stdout, io.StringIO()');
    expect(printed(await client.execute('print("not here")'))).toBe('');
    const back = await client.execute('text, sys.stdout = sys.stdout.getvalue(), own\nprint(text)');
    expect(printed(back)).toBe('not here\n\n');
  });

  it('replace print', async () => {
    await client.execute('import builtins\nown, builtins.print = builtins.print, None');
    expect(errorsOf(await client.execute('print(1)')).join()).toContain('TypeError: ');
    await client.execute('builtins.print = own');
  });
});

describe('the next cell runs in a fresh session, and the user is told, after a cell that', () => {
  it.each([
    ['calls exit()', 'exit()', undefined],
    ['calls os._exit()', 'import os; os._exit(3)', 'exited with status 3'],
    ['reads where nothing is', 'import ctypes; ctypes.string_at(0)', 'SIGSEGV'],
    ['aborts', 'import os; os.abort()', 'SIGABRT'],
    ['kills its process', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 'SIGKILL'],
    ['stops the event loop', 'import asyncio; asyncio.get_event_loop().stop()', undefined],
    ['closes every file', 'import os; os.closerange(3, 1000)', ''],
    [
      'breaks what Python itself needs',
      'import builtins\nbuiltins.open = builtins.len = builtins.sorted = None',
      '',
    ],
  ])('%s', async (_what, code, reason) => {
    await client.execute('kept = 42');
    const before = endings();
    const cell = await client.execute(code);
    // Where a cell only asks Python to end, it takes a moment.
    await expect.poll(endings, { timeout: 10_000 }).toBe(before + 1);
    if (reason !== undefined) {
      expect(errorsOf(cell)).toHaveLength(1);
      expect(errorsOf(cell)[0]).toMatch(/^SessionEnded: The session ended: [^.]*\. [^.]*\.$/);
      expect(errorsOf(cell)[0]).toContain(reason);
    }
    const next = await client.execute('print("kept" in globals())');
    expect(printed(next)).toMatch(/^[^\n]*; this cell runs in a fresh session, [^\n]*\.\nFalse\n$/);
    expect(next.reply.content.status).toBe('ok');
  });
});

describe('a kernel ends, and takes its session along, though', () => {
  it('its cell cannot be interrupted', async () => {
    const stubborn = await startKernel(server.env);
    const id = await stubborn.client.sendCell(
      [
        'import os, time',
        'print(f"pid {os.getpid()}.", flush=True)',
        'while True:',
        '    try: time.sleep(600)',
        '    except KeyboardInterrupt: print("never", flush=True)',
      ].join('\n'),
    );
    const pid = await numberPrinted(stubborn.client, id);
    await stubborn.client.request('interrupt_request', {}, { channel: 'control' });
    await stubborn.client.next(({ content }) => String(content.text).includes('never'));
    await stubborn.client.send('shutdown_request', { restart: false }, { channel: 'control' });
    await within(stubborn.ended, 'the end of the kernel', 5000);
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
    await stubborn.stop();
  });

  it('a child process of its cell would outlive it', async () => {
    const parent = await startKernel(server.env);
    const id = await parent.client.sendCell(
      'import subprocess\nchild = subprocess.Popen(["sleep", "600"])\nprint(f"pid {child.pid}.")',
    );
    const pid = await numberPrinted(parent.client, id);
    await parent.client.exchange(id);
    expect(isAlive(pid)).toBe(true);
    await parent.stop();
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

/** How many of its sessions the kernel has seen ending. */
const endings = () => kernel.stderr.split("The session's link has ended").length - 1;

async function numberPrinted(of: KernelClient, cell: string): Promise<number> {
  const { content } = await of.next(
    ({ type, parent }) => type === 'stream' && parent.msg_id === cell,
  );
  return Number(/^pid (\d+)\./.exec(content.text)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
