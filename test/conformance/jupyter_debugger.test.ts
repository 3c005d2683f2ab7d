import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf, statesOf, textOf } from '../support/exchange.js';
import {
  type KernelClient,
  type KernelProcess,
  type ReadMessage,
  startKernel,
} from '../support/kernel.js';

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
  await client.execute('answer = 42');
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

let seq = 0;

/** Sends a request of the Debug Adapter Protocol as JupyterLab does, and returns the response. */
async function debug(command: string, args: object = {}) {
  const content = { type: 'request', seq: ++seq, command, arguments: args };
  const exchange = await client.request('debug_request', content, { channel: 'control' });
  expect(exchange.reply.type).toBe('debug_reply');
  expect(statesOf(exchange)).toEqual(['busy', 'idle']);
  return exchange.reply.content;
}

/** Starts a cell and waits for where it stops. */
async function runToStop(code: string): Promise<{ id: string; threadId: number }> {
  const id = await client.sendCell(code);
  return { id, threadId: await stopped(() => true) };
}

const seen = new Set<ReadMessage>();

async function stopped(matches: (body: { reason: string }) => boolean): Promise<number> {
  const event = await client.next(
    (message) =>
      message.type === 'debug_event' &&
      message.content.event === 'stopped' &&
      matches(message.content.body) &&
      !seen.has(message),
  );
  seen.add(event);
  return event.content.body.threadId;
}

async function topFrame(threadId: number) {
  const { body } = await debug('stackTrace', { threadId });
  return body.stackFrames[0] as { id: number; line: number; source: { path: string } };
}

async function locals(frameId: number): Promise<Record<string, string>> {
  const { body } = await debug('scopes', { frameId });
  const { variablesReference } = body.scopes[0];
  const answer = await debug('variables', { variablesReference });
  const variables = answer.body.variables as { name: string; value: string }[];
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

/** Has the debugger stop at lines of a cell; returns the name of the cell's file. */
async function breakAt(code: string, ...lines: number[]): Promise<string> {
  const { body } = await debug('dumpCell', { code });
  const path = body.sourcePath as string;
  const answer = await debug('setBreakpoints', {
    source: { path },
    breakpoints: lines.map((line) => ({ line })),
    sourceModified: false,
  });
  expect(answer.success).toBe(true);
  return path;
}

describe('the debugger', () => {
  it('is advertised, as the session has it', async () => {
    const { reply } = await client.request('kernel_info_request', {});
    expect(reply.content.supported_features).toContain('debugger');
  });

  it('shows the workspace before it is started: inspectVariables, richInspectVariables', async () => {
    expect((await debug('debugInfo')).body).toMatchObject({ isStarted: false, stoppedThreads: [] });
    const { body } = await debug('inspectVariables');
    const found = body.variables.find(({ name }: { name: string }) => name === 'answer');
    expect(found).toMatchObject({ name: 'answer', value: '42', type: 'int' });
    const rich = await debug('richInspectVariables', { variableName: 'answer' });
    expect(rich).toMatchObject({ success: true, body: { data: { 'text/plain': '42' } } });
  });

  it('starts: initialize, attach, configurationDone', async () => {
    const started = await debug('initialize', {
      clientID: 'jupyterlab',
      adapterID: '',
      pathFormat: 'path',
      linesStartAt1: true,
      columnsStartAt1: true,
      supportsVariableType: true,
    });
    expect(started).toMatchObject({ success: true, command: 'initialize' });
    expect((await debug('attach')).success).toBe(true);
    expect((await debug('configurationDone')).success).toBe(true);
    expect((await debug('debugInfo')).body.isStarted).toBe(true);
  });

  it('stops at a breakpoint, shows frames and variables, and goes on', async () => {
    const code = 'def double(n):\n    twice = n * 2\n    return twice\n\ndouble(21)';
    const path = await breakAt(code, 3);
    const { id, threadId } = await runToStop(code);
    const frame = await topFrame(threadId);
    expect(frame).toMatchObject({ line: 3, source: { path } });
    expect(await locals(frame.id)).toMatchObject({ n: '21', twice: '42' });
    const rich = await debug('richInspectVariables', { variableName: 'twice', frameId: frame.id });
    expect(rich.body.data['text/plain']).toBe('42');
    expect((await debug('debugInfo')).body.stoppedThreads).toContain(threadId);

    await debug('next', { threadId });
    await stopped(({ reason }) => reason === 'step');
    await debug('continue', { threadId });
    expect(resultOf(await client.exchange(id))?.data['text/plain']).toBe('42');
  });

  it('while it is stopped, completion and kernel_info are answered', async () => {
    const code = 'stopped_here = 1\nstopped_here += 1';
    await breakAt(code, 2);
    const { id, threadId } = await runToStop(code);
    const content = { code: 'stopped_h', cursor_pos: 9 };
    const { reply } = await client.request('complete_request', content);
    expect(reply.content.matches).toContain('stopped_here');
    expect((await client.request('kernel_info_request', {})).reply.content.status).toBe('ok');
    await debug('continue', { threadId });
    expect((await client.exchange(id)).reply.content.status).toBe('ok');
  });

  it('stops at the line that is marked in a cell with magics, whatever stands before it', async () => {
    const code = [
      '%session -h',
      'def half(n):',
      '    result = n / 2',
      '    return result',
      '%session -h',
      'print("between")',
      'half(84)',
    ].join('\n');
    const path = await breakAt(code, 4, 6);
    const { id, threadId } = await runToStop(code);
    expect(await topFrame(threadId)).toMatchObject({ line: 6, source: { path } });
    await debug('continue', { threadId });
    const frame = await topFrame(await stopped(({ reason }) => reason === 'breakpoint'));
    expect(frame).toMatchObject({ line: 4, source: { path } });
    expect(await locals(frame.id)).toMatchObject({ n: '84', result: '42.0' });
    await debug('continue', { threadId });
    const cell = await client.exchange(id);
    expect(cell.reply.content.status).toBe('ok');
    expect(textOf(cell)).toContain('between');
    expect(resultOf(cell)?.data['text/plain']).toBe('42.0');
  });

  it('is stopped: disconnect, and cells run through', async () => {
    const { success } = await debug('disconnect', { restart: false, terminateDebuggee: false });
    expect(success).toBe(true);
    expect((await debug('debugInfo')).body).toMatchObject({ isStarted: false, breakpoints: [] });
    const code = 'def double(n):\n    twice = n * 2\n    return twice\n\ndouble(21)';
    expect(resultOf(await client.execute(code))?.data['text/plain']).toBe('42');
  });
});
