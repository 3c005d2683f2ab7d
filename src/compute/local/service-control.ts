/** The control channel to the process that hosts a service: a length, then JSON (see control.py). */
import type { Readable, Writable } from 'node:stream';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import type { JsonValue } from '../../api/index.js';

const HEADER = 4;
/** Bytes of one message; a report of many thousand objects fits. */
const MAX_MESSAGE = 64 * 1024 * 1024;

const HostMessage = Type.Union([
  Type.Object({
    op: Type.Literal('loaded'),
    objects: Type.Array(Type.Unknown()),
    packages: Type.Record(Type.String(), Type.String()),
    python: Type.String(),
    threads: Type.Integer(),
    seconds: Type.Number(),
  }),
  Type.Object({ op: Type.Literal('failed'), ename: Type.String(), message: Type.String() }),
  Type.Object({ op: Type.Literal('forked'), worker: Type.String(), pid: Type.Integer() }),
  Type.Object({ op: Type.Literal('fork_failed'), worker: Type.String(), message: Type.String() }),
  Type.Object({
    op: Type.Literal('exited'),
    worker: Type.String(),
    pid: Type.Integer(),
    status: Type.Optional(Type.Integer()),
    signal: Type.Optional(Type.String()),
  }),
]);
const hostMessage = Compile(HostMessage);

/** What the host tells the server. */
export type HostMessage = Static<typeof HostMessage>;

/** Puts a message into a frame. */
export function encodeControl(message: JsonValue): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  const frame = Buffer.allocUnsafe(HEADER + json.byteLength);
  frame.writeUInt32BE(json.byteLength);
  json.copy(frame, HEADER);
  return frame;
}

/** Takes messages out of a stream of bytes. */
export class ControlDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The messages that are complete with these bytes.
   * @throws {ControlProtocolError} for what is not a message of the host
   */
  push(chunk: Buffer): HostMessage[] {
    this.#rest = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: HostMessage[] = [];
    while (this.#rest.byteLength >= HEADER) {
      const length = this.#rest.readUInt32BE();
      if (length > MAX_MESSAGE) {
        throw new ControlProtocolError(`announced a message of ${length} bytes`);
      }
      const end = HEADER + length;
      if (this.#rest.byteLength < end) break;
      messages.push(parse(this.#rest.toString('utf8', HEADER, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return messages;
  }
}

function parse(text: string): HostMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (error) {
    throw new ControlProtocolError('sent what is not JSON', { cause: error });
  }
  if (!hostMessage.Check(message)) throw new ControlProtocolError('sent an unknown message');
  return message;
}

/** Thrown when the process that hosts a service does not keep to the protocol. */
export class ControlProtocolError extends Error {
  readonly code = 'CONTROL_PROTOCOL';
  override readonly name = 'ControlProtocolError';

  constructor(what: string, options?: ErrorOptions) {
    super(`The process that hosts a service ${what}.`, options);
  }
}

/** Both directions of the control channel. */
export class ControlChannel {
  readonly #output: Writable;

  constructor(
    input: Readable,
    output: Writable,
    onMessage: (message: HostMessage) => void,
    onError: (error: Error) => void,
  ) {
    this.#output = output;
    const decoder = new ControlDecoder();
    input.on('data', (chunk: Buffer) => {
      try {
        for (const message of decoder.push(chunk)) onMessage(message);
      } catch (error) {
        onError(error as Error);
      }
    });
    input.on('error', onError);
    output.on('error', onError);
  }

  send(message: JsonValue): void {
    if (this.#output.writable) this.#output.write(encodeControl(message));
  }

  /** Tells the host to end. */
  end(): void {
    this.#output.end();
  }
}
