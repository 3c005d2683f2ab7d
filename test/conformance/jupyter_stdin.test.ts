import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf, textOf } from '../support/exchange.js';
import { KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

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

describe('stdin', () => {
  it('input goes to the client whose cell asks, and the answer to the session', async () => {
    const id = await client.sendCell('print(input("Name? ").upper())', { allow_stdin: true });
    const question = await client.next(
      ({ parent, channel }) => parent.msg_id === id && channel === 'stdin',
    );
    expect(question.content).toEqual({ prompt: 'Name? ', password: false });
    await client.answer('ada');
    expect(textOf(await client.exchange(id))).toBe('ADA\n');
  });

  it('a question goes to the client that sent the cell, and to no other', async () => {
    const other = new KernelClient(kernel.connection);
    await other.connected;
    const id = await other.sendCell('input("Who? ")', { allow_stdin: true });
    await other.next(({ parent, channel }) => parent.msg_id === id && channel === 'stdin');
    await other.answer('the other');
    expect(resultOf(await other.exchange(id))?.data['text/plain']).toBe("'the other'");
    expect(
      client.received.some(({ parent, channel }) => parent.msg_id === id && channel === 'stdin'),
    ).toBe(false);
    other.close();
  });

  it('getpass asks for a password', async () => {
    const id = await client.sendCell('import getpass; len(getpass.getpass())', {
      allow_stdin: true,
    });
    const question = await client.next(
      ({ parent, channel }) => parent.msg_id === id && channel === 'stdin',
    );
    expect(question.content.password).toBe(true);
    await client.answer('12345');
    expect(resultOf(await client.exchange(id))?.data['text/plain']).toBe('5');
  });

  it('allow_stdin=false fails at once', async () => {
    const { reply } = await client.execute('input()');
    expect(reply.content.ename).toBe('StdinNotImplementedError');
  });

  it('an interrupt releases a waiting input, and its stale answer goes nowhere', async () => {
    const id = await client.sendCell('input("first")', { allow_stdin: true });
    await client.next(({ parent, channel }) => parent.msg_id === id && channel === 'stdin');
    await client.request('interrupt_request', {}, { channel: 'control' });
    expect((await client.exchange(id)).reply.content.ename).toBe('KeyboardInterrupt');
    await client.answer('stale');
    const next = await client.sendCell('input("second")', { allow_stdin: true });
    await client.next(({ parent, channel }) => parent.msg_id === next && channel === 'stdin');
    await client.answer('fresh');
    expect(resultOf(await client.exchange(next))?.data['text/plain']).toBe("'fresh'");
  });
});
