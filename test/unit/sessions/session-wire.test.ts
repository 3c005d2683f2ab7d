import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SessionWire } from '../../../src/server/sessions/session-wire.js';

/** A session's end of a wire: what the server has said, and a way to speak. */
class FakeSession {
  readonly words: Record<string, unknown>[] = [];
  /** What the server has sent of its own. */
  readonly messages: string[] = [];
  readonly connections: Duplex[] = [];
  hello: Record<string, unknown> = { acknowledged: 0, last: 0, links: {}, running: [] };
  isGone = false;
  #cut = (): unknown => undefined;

  readonly open = async (receive: (chunk: Buffer) => void): Promise<Duplex> => {
    if (this.isGone) throw new Error('nobody listens');
    const [ours, theirs] = duplexPair();
    this.connections.push(theirs);
    this.#cut = () => ours.destroy();
    let rest: Buffer = Buffer.alloc(0);
    theirs.on('data', (chunk: Buffer) => {
      rest = this.#read(Buffer.concat([rest, chunk]));
    });
    ours.on('data', receive);
    this.say({ type: 'hello', python: '3', pid: 1, ...this.hello });
    return ours;
  };

  /** Breaks the connection. */
  cut(): void {
    this.#cut();
  }

  say(word: object): void {
    this.#write('J', Buffer.from(JSON.stringify(word)));
  }

  send(number: number, size = 1): void {
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(number));
    this.#write('M', Buffer.concat([head, Buffer.alloc(size)]));
  }

  /** What the server has acknowledged, in order. */
  get acknowledged(): unknown[] {
    return this.words.filter(({ type }) => type === 'acknowledged').map(({ number }) => number);
  }

  #write(kind: string, payload: Buffer): void {
    const head = Buffer.alloc(5);
    head.writeUInt32LE(payload.byteLength, 0);
    head.write(kind, 4);
    this.connections.at(-1)?.write(Buffer.concat([head, payload]));
  }

  /** Takes what has come of a connection apart; returns what is not whole yet. */
  #read(bytes: Buffer): Buffer {
    if (bytes.byteLength < 5) return bytes;
    const end = 5 + bytes.readUInt32LE(0);
    if (bytes.byteLength < end) return bytes;
    if (bytes[4] === 'J'.charCodeAt(0)) {
      this.words.push(JSON.parse(bytes.subarray(5, end).toString()));
    } else {
      this.messages.push(bytes.subarray(6 + (bytes[5] ?? 0), end).toString());
    }
    return this.#read(bytes.subarray(end));
  }
}

async function connect(session = new FakeSession()) {
  const numbers: number[] = [];
  const resumed: Readonly<Record<string, number>>[] = [];
  const lost = Promise.withResolvers<Error>();
  const wire = new SessionWire(session.open, {
    message: (number) => numbers.push(number),
    received: () => undefined,
    resumed: (links) => resumed.push(links),
    broken: () => undefined,
    lost: lost.resolve,
  });
  await wire.connect();
  wire.begin();
  return { session, wire, numbers, resumed, lost: lost.promise };
}

describe('the wire to a session', () => {
  it('asks for what no server has acknowledged', async () => {
    const session = new FakeSession();
    session.hello = { ...session.hello, acknowledged: 12, last: 15 };
    const { wire } = await connect(session);
    await expect.poll(() => session.words).toMatchObject([{ type: 'welcome', after: 12 }]);
    expect(wire.last).toBe(12);
  });

  it('tells when the messages up to a number have come', async () => {
    const { session, wire } = await connect();
    const reached = wire.reached(2);
    session.send(1);
    session.send(2);
    await reached;
    expect(wire.last).toBe(2);
  });

  it('connects again when the connection breaks, and takes no message twice', async () => {
    const { session, wire, numbers } = await connect();
    session.send(1);
    session.send(2);
    await wire.reached(2);
    session.cut();
    await expect.poll(() => session.connections.length).toBe(2);
    await expect.poll(() => session.words.at(-1)).toMatchObject({ type: 'welcome', after: 2 });
    for (const number of [2, 3]) session.send(number);
    await wire.reached(3);
    expect(numbers).toEqual([1, 2, 3]);
  });

  it('sends its own messages again that did not arrive, and tells what came of the others', async () => {
    const session = new FakeSession();
    session.hello = { ...session.hello, links: { server: 40, kernel: 3 } };
    const { wire, resumed } = await connect(session);
    for (const text of ['one', 'two', 'three']) wire.sendOwn(Buffer.from(text));
    await expect.poll(() => session.messages).toEqual(['one', 'two', 'three']);
    session.hello = { ...session.hello, links: { server: 41, kernel: 5 } };
    session.cut();
    wire.sendOwn(Buffer.from('four'));
    await expect
      .poll(() => session.messages)
      .toEqual(['one', 'two', 'three', 'two', 'three', 'four']);
    expect(resumed).toEqual([{ server: 41, kernel: 5 }]);
  });

  it('is lost when nobody listens any more', async () => {
    const { session, lost } = await connect();
    session.isGone = true;
    session.cut();
    expect((await lost).message).toBe('nobody listens');
  });

  it('acknowledges many small messages together', async () => {
    const { session, wire } = await connect();
    for (let number = 1; number <= 300; number++) {
      session.send(number);
      await wire.reached(number);
      wire.acknowledge(number);
    }
    await expect.poll(() => session.acknowledged).toEqual([128, 256]);
  });

  // A session waits when 8 MiB have not been acknowledged; two messages of 10 MB hung.
  it('acknowledges a large message at once, also after one that is still on its way', async () => {
    const { session, wire } = await connect();
    session.send(1, 10_000_000);
    session.send(2, 10_000_000);
    await wire.reached(2);
    wire.acknowledge(1);
    wire.acknowledge(2);
    await expect.poll(() => session.acknowledged).toEqual([1, 2]);
  });

  it('says nothing after it was closed, and is not lost', async () => {
    const { session, wire } = await connect();
    const closed = once(session.connections[0] as Duplex, 'end');
    wire.close();
    session.connections[0]?.resume();
    await closed;
    expect(session.connections).toHaveLength(1);
  });
});
