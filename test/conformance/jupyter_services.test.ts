import {
  type Kernel,
  KernelManager,
  type KernelMessage,
  ServerConnection,
} from '@jupyterlab/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { type JupyterServer, startJupyterServer } from '../support/jupyter-server.js';

let server: EmbeddedServer;
let jupyter: JupyterServer;
let manager: KernelManager;
let kernel: Kernel.IKernelConnection;

beforeAll(async () => {
  server = await startEmbeddedServer();
  jupyter = await startJupyterServer(server.env);
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: jupyter.url,
    token: jupyter.token,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  manager = new KernelManager({ serverSettings });
  kernel = await manager.startNew({ name: 'slipway' });
});
afterAll(async () => {
  await kernel?.shutdown();
  manager?.dispose();
  await jupyter?.stop();
  await server?.stop();
});

/** Runs a cell and returns its reply and what it published, by type. */
async function run(code: string, onMessage?: (message: KernelMessage.IIOPubMessage) => void) {
  const future = kernel.requestExecute({ code });
  const published: KernelMessage.IIOPubMessage[] = [];
  future.onIOPub = (message) => {
    published.push(message);
    onMessage?.(message);
  };
  const reply = await future.done;
  return { content: reply.content, published };
}

describe('JupyterLab’s own client, through a Jupyter server', () => {
  it('learns what the kernel is', async () => {
    const info = await kernel.info;
    expect(info).toMatchObject({
      status: 'ok',
      implementation: 'slipway',
      language_info: { name: 'python' },
    });
  });

  it('runs cells and gets streams, results and errors', async () => {
    const { content, published } = await run('print("a")\n1 + 1');
    expect(content.status).toBe('ok');
    const types = published.map(({ header }) => header.msg_type);
    expect(types).toEqual(['status', 'execute_input', 'stream', 'execute_result', 'status']);
    const failed = await run('1 / 0');
    expect(failed.content).toMatchObject({ status: 'error', ename: 'ZeroDivisionError' });
  });

  it('completes, inspects and asks for history', async () => {
    const complete = await kernel.requestComplete({ code: 'isinst', cursor_pos: 6 });
    expect(complete.content).toMatchObject({ status: 'ok' });
    const inspect = await kernel.requestInspect({ code: 'zip', cursor_pos: 2, detail_level: 0 });
    expect(inspect.content).toMatchObject({ status: 'ok', found: true });
    const history = await kernel.requestHistory({
      hist_access_type: 'tail',
      n: 1,
      raw: true,
      output: false,
    });
    expect(history.content.status).toBe('ok');
  });

  it('answers a question on stdin', async () => {
    const future = kernel.requestExecute({ code: 'input("?")', allow_stdin: true });
    future.onStdin = (message) => {
      if (message.header.msg_type === 'input_request') {
        future.sendInputReply({ status: 'ok', value: 'yes' }, message.header as never);
      }
    };
    let result: unknown;
    future.onIOPub = (message) => {
      if (message.header.msg_type === 'execute_result') result = message.content;
    };
    await future.done;
    expect(result).toMatchObject({ data: { 'text/plain': "'yes'" } });
  });

  it('opens a comm with a buffer and gets the answer', async () => {
    await run(
      [
        'def opened(comm, message):',
        '    comm.on_msg(lambda m: comm.send(m["content"]["data"], buffers=m["buffers"]))',
        'get_ipython().kernel.comm_manager.register_target("mirror", opened)',
      ].join('\n'),
    );
    const comm = kernel.createComm('mirror');
    const answer = new Promise<KernelMessage.ICommMsgMsg>((resolve) => {
      comm.onMsg = (message) => resolve(message);
    });
    await comm.open({}).done;
    await comm.send({ n: 1 }, {}, [new Uint8Array([1, 2, 3]).buffer]).done;
    const { content, buffers } = await answer;
    expect(content.data).toEqual({ n: 1 });
    const [buffer] = buffers as DataView[];
    expect(buffer?.getUint8(2)).toBe(3);
  });

  it('interrupts a cell', async () => {
    const running = run('import time\nprint("on")\ntime.sleep(30)', ({ header }) => {
      if (header.msg_type === 'stream') void kernel.interrupt();
    });
    expect((await running).content).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  it('restarts into an empty workspace and leaves one session', async () => {
    await run('kept = 1');
    await kernel.restart();
    const { published } = await run('"kept" in globals()');
    expect(
      published.find(({ header }) => header.msg_type === 'execute_result')?.content,
    ).toMatchObject({
      data: { 'text/plain': 'False' },
    });
    expect(await server.call('GET', '/sessions')).toHaveLength(1);
  });

  it('shuts down and leaves none', async () => {
    await kernel.shutdown();
    expect(await server.call('GET', '/sessions')).toEqual([]);
    kernel = await manager.startNew({ name: 'slipway' });
  });
});
