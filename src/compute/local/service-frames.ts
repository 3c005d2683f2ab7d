/** Frames of a worker's socket, both ways: length and request id (32 bits each, big endian), payload. */

const HEADER = 8;
/** Larger payloads are written after their header instead of being copied behind it. */
const COPY_LIMIT = 64 * 1024;

/** One frame: a request, or the answer to it. */
export interface Frame {
  readonly id: number;
  readonly payload: Buffer;
}

/** A frame as the buffers to write, in order. */
export function encodeFrame(id: number, payload: Uint8Array): Buffer[] {
  const isSmall = payload.byteLength <= COPY_LIMIT;
  const first = Buffer.allocUnsafe(isSmall ? HEADER + payload.byteLength : HEADER);
  first.writeUInt32BE(payload.byteLength, 0);
  first.writeUInt32BE(id, 4);
  if (isSmall) {
    first.set(payload, HEADER);
    return [first];
  }
  return [first, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)];
}

/** Takes frames out of a stream of bytes; a large payload is put together once. */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes that must have arrived before it is worth looking again. */
  #wanted = HEADER;

  /** The frames that are complete with these bytes. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#size < this.#wanted) return [];
    const frames: Frame[] = [];
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let start = 0;
    this.#wanted = HEADER;
    while (bytes.byteLength - start >= HEADER) {
      const end = start + HEADER + bytes.readUInt32BE(start);
      if (end > bytes.byteLength) {
        this.#wanted = end - start;
        break;
      }
      const id = bytes.readUInt32BE(start + 4);
      frames.push({ id, payload: bytes.subarray(start + HEADER, end) });
      start = end;
    }
    const rest = bytes.subarray(start);
    this.#chunks = rest.byteLength === 0 ? [] : [rest];
    this.#size = rest.byteLength;
    return frames;
  }
}
