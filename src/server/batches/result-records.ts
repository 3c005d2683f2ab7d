/**
 * The records of a file with answers. Of each: the number of its row, its length and a checksum
 * (CRC-32 of both and of the answer), 32 bits each, big endian; then its JSON.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Bytes before an answer. */
export const RECORD_HEADER = 12;
/** Bytes read at once. */
const WINDOW = 1024 * 1024;
/** Bytes of the shortest answer, an empty object: zeros are what a file has where power was cut. */
const SHORTEST = 2;

/** The answer of one row. */
export interface RowResult {
  readonly index: number;
  /** JSON, as it goes out. */
  readonly answer: Buffer;
}

/** The record of an answer, without the answer itself. */
export function recordHeader({ index, answer }: RowResult): Buffer {
  const header = Buffer.allocUnsafe(RECORD_HEADER);
  header.writeUInt32BE(index, 0);
  header.writeUInt32BE(answer.byteLength, 4);
  header.writeUInt32BE(crc32(answer, crc32(header.subarray(0, 8))), 8);
  return header;
}

/** What a file with answers was found to hold. */
export interface FoundRecords {
  /** Bytes up to the end of the last whole record. */
  readonly end: number;
  /** Bytes that belong to no whole record: damage, and what was half written. */
  readonly damaged: number;
}

/**
 * Finds the whole records of a file. What is damaged is stepped over, byte by byte, until a record
 * fits its checksum again: the rows behind it have been run.
 * @param total rows of the batch
 * @param found told of each record: its row, where its answer begins and how long that is
 */
export async function findRecords(
  file: FileHandle,
  total: number,
  found: (index: number, offset: number, length: number) => void,
): Promise<FoundRecords> {
  let { size } = await file.stat();
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  let at = 0;
  let end = 0;
  let damaged = 0;
  while (at + RECORD_HEADER <= size) {
    if (at + RECORD_HEADER > windowAt + window.byteLength) {
      windowAt = at;
      const wanted = Math.min(size - at, WINDOW);
      window = await readUpTo(file, at, wanted);
      // A server that goes on with the batch has cut off what was half written.
      if (window.byteLength < wanted) size = at + window.byteLength;
      if (window.byteLength < RECORD_HEADER) break;
    }
    const head = at - windowAt;
    const index = window.readUInt32BE(head);
    const length = window.readUInt32BE(head + 4);
    const next = at + RECORD_HEADER + length;
    if (index < total && length >= SHORTEST && next <= size) {
      const start = crc32(window.subarray(head, head + 8));
      const answer = head + RECORD_HEADER;
      const sum =
        answer + length <= window.byteLength
          ? crc32(window.subarray(answer, answer + length), start)
          : await checksum(file, at + RECORD_HEADER, length, start);
      if (sum === window.readUInt32BE(head + 8)) {
        found(index, at + RECORD_HEADER, length);
        at = next;
        end = next;
        continue;
      }
    }
    at += 1;
    damaged += 1;
  }
  return { end, damaged: damaged + size - at };
}

/** Bytes of a file; fewer where it ends before. */
export async function readUpTo(
  file: FileHandle,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const rest = length - filled;
    const { bytesRead } = await file.read(bytes, filled, rest, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** The checksum of an answer that need not fit into memory. */
async function checksum(
  file: FileHandle,
  position: number,
  length: number,
  start: number,
): Promise<number> {
  let sum = start;
  for (let done = 0; done < length; ) {
    const bytes = await readUpTo(file, position + done, Math.min(WINDOW, length - done));
    if (bytes.byteLength === 0) break;
    sum = crc32(bytes, sum);
    done += bytes.byteLength;
  }
  return sum;
}
