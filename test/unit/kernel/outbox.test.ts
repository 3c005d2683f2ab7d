import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../kernel/sockets/outbox.js';

/** A socket that takes each message when it is told to, and refuses two at once, as ZeroMQ does. */
class SlowSocket {
  readonly sent: string[] = [];
  #release: (() => void) | undefined;
  #isBusy = false;

  async send(frames: Uint8Array[]): Promise<void> {
    if (this.#isBusy) throw new Error('EBUSY');
    this.#isBusy = true;
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#isBusy = false;
    this.sent.push(Buffer.from(frames[0] as Uint8Array).toString('latin1', 0, 10));
  }

  async takeOne(): Promise<void> {
    this.#release?.();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

const text = (value: string) => [Buffer.from(value)];

describe('the outbox', () => {
  it('sends in the order of pushing, across sockets, one at a time', async () => {
    const outbox = new Outbox(() => undefined);
    const shell = new SlowSocket();
    const iopub = new SlowSocket();
    outbox.push(iopub, text('stream'));
    outbox.push(shell, text('reply'));
    outbox.push(iopub, text('idle'));
    await shell.takeOne();
    expect([iopub.sent, shell.sent]).toEqual([[], []]);
    await iopub.takeOne();
    expect([iopub.sent, shell.sent]).toEqual([['stream'], []]);
    await shell.takeOne();
    await iopub.takeOne();
    await outbox.close();
    expect([iopub.sent, shell.sent]).toEqual([['stream', 'idle'], ['reply']]);
  });

  it('sends what is pushed first before all that waits, but for what is being sent', async () => {
    const outbox = new Outbox(() => undefined);
    const socket = new SlowSocket();
    outbox.push(socket, text('sending'));
    outbox.push(socket, text('waiting'));
    outbox.pushFirst(socket, text('welcome'));
    for (let index = 0; index < 3; index++) await socket.takeOne();
    expect(socket.sent).toEqual(['sending', 'welcome', 'waiting']);
  });

  it('sends what is pushed at the very moment in which it has become empty', async () => {
    const outbox = new Outbox(() => undefined);
    const sent: string[] = [];
    const socket = { send: async ([frame]: Uint8Array[]) => void sent.push(String(frame)) };
    const expected: string[] = [];
    for (let moment = 0; moment < 20; moment++) {
      outbox.push(socket, text(`first ${moment}`));
      for (let turn = 0; turn < moment; turn++) await Promise.resolve();
      outbox.push(socket, text(`second ${moment}`));
      expected.push(`first ${moment}`, `second ${moment}`);
      await new Promise((resolve) => setImmediate(resolve));
      expect(sent).toEqual(expected);
    }
  });

  it('sends what waits before it closes, and drops what comes later', async () => {
    const outbox = new Outbox(() => undefined);
    const socket = new SlowSocket();
    outbox.push(socket, text('in time'));
    const closed = outbox.close();
    outbox.push(socket, text('just so'));
    await socket.takeOne();
    await socket.takeOne();
    await closed;
    outbox.push(socket, text('late'));
    await socket.takeOne();
    expect(socket.sent).toEqual(['in time', 'just so']);
  });

  it('tells when too much waits, and when it has been sent', async () => {
    const pressure: boolean[] = [];
    const outbox = new Outbox((isFull) => pressure.push(isFull));
    const socket = new SlowSocket();
    const megabytes = [Buffer.alloc(9 * 1024 * 1024)];
    outbox.push(socket, megabytes);
    expect(pressure).toEqual([]);
    outbox.push(socket, megabytes);
    expect(pressure).toEqual([true]);
    await socket.takeOne();
    expect(pressure).toEqual([true]);
    await socket.takeOne();
    expect(pressure).toEqual([true, false]);
  });
});
