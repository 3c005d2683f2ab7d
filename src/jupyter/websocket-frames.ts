import { type Channel, MalformedMessageError, type WireMessage } from './message.js';

/** The WebSocket subprotocol of Jupyter Server whose binary framing the session channel uses. */
export const WEBSOCKET_SUBPROTOCOL = 'v1.kernel.websocket.jupyter.org';

const CHANNELS: ReadonlySet<string> = new Set<Channel>(['shell', 'control', 'stdin', 'iopub']);

/** A message and the channel that it belongs to. */
export interface ChannelMessage {
  readonly channel: Channel;
  readonly message: WireMessage;
}

/**
 * One binary WebSocket frame for a message: a count and a table of 64-bit little-endian offsets,
 * then the channel's name, the four dictionaries and the buffers.
 * https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
 */
export function encodeWebSocketFrame(channel: Channel, message: WireMessage): Buffer {
  const parts = [
    Buffer.from(channel),
    message.header,
    message.parentHeader,
    message.metadata,
    message.content,
    ...message.buffers,
  ];
  const tableLength = 8 * (parts.length + 2);
  const total = parts.reduce((sum, part) => sum + part.byteLength, tableLength);
  const frame = Buffer.allocUnsafe(total);
  writeOffset(frame, 0, parts.length + 1);
  let offset = tableLength;
  parts.forEach((part, index) => {
    writeOffset(frame, 8 * (index + 1), offset);
    frame.set(part, offset);
    offset += part.byteLength;
  });
  writeOffset(frame, 8 * (parts.length + 1), offset);
  return frame;
}

/**
 * Takes one binary WebSocket frame apart; the parts are views of `frame`, not copies.
 * @throws {MalformedMessageError} when the table does not describe the frame.
 */
export function decodeWebSocketFrame(frame: Buffer): ChannelMessage {
  if (frame.byteLength < 8) throw new MalformedMessageError('A WebSocket frame is too short.');
  const count = readOffset(frame, 0);
  if (count < 6 || 8 * (count + 1) > frame.byteLength) {
    throw new MalformedMessageError(`A WebSocket frame announces ${count} offsets.`);
  }
  const parts: Uint8Array[] = [];
  let start = readOffset(frame, 8);
  if (start !== 8 * (count + 1)) {
    throw new MalformedMessageError(
      'The first offset of a WebSocket frame is not its table’s end.',
    );
  }
  for (let index = 2; index <= count; index++) {
    const end = readOffset(frame, 8 * index);
    if (end < start || end > frame.byteLength) {
      throw new MalformedMessageError('An offset of a WebSocket frame lies outside of it.');
    }
    parts.push(frame.subarray(start, end));
    start = end;
  }
  const [channel, header, parentHeader, metadata, content, ...buffers] = parts;
  const name = Buffer.from(channel ?? []).toString();
  if (!header || !parentHeader || !metadata || !content || !CHANNELS.has(name)) {
    throw new MalformedMessageError('A WebSocket frame names no Jupyter channel.');
  }
  return {
    channel: name as Channel,
    message: { header, parentHeader, metadata, content, buffers },
  };
}

// Offsets stay below 2^53, so two 32-bit halves are exact and avoid BigInt.
function writeOffset(frame: Buffer, at: number, value: number): void {
  frame.writeUInt32LE(value % 0x1_0000_0000, at);
  frame.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

function readOffset(frame: Buffer, at: number): number {
  return frame.readUInt32LE(at) + frame.readUInt32LE(at + 4) * 0x1_0000_0000;
}
