/** The rows of a batch in a file: of each its length (32 bits, big endian), then its bytes. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const HEADER = 4;
/** Bytes that are collected before they are written. */
const WRITE_SIZE = 256 * 1024;
const READ_SIZE = 256 * 1024;

/** One row of a batch. */
export interface Row {
  /** From 0. */
  readonly index: number;
  /** The JSON of its parameters, as it came. */
  readonly body: Buffer;
}

/**
 * Writes rows to a new file and waits until they are on the disk.
 * @returns how many there were
 */
export async function writeRows(path: string, rows: AsyncIterable<Buffer>): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    let pieces: Buffer[] = [];
    let size = 0;
    let count = 0;
    const flush = async () => {
      if (size > 0) await file.appendFile(Buffer.concat(pieces, size));
      pieces = [];
      size = 0;
    };
    for await (const row of rows) {
      const header = Buffer.allocUnsafe(HEADER);
      header.writeUInt32BE(row.byteLength);
      pieces.push(header, row);
      size += HEADER + row.byteLength;
      count += 1;
      if (size >= WRITE_SIZE) await flush();
    }
    await flush();
    await file.sync();
    return count;
  } finally {
    await file.close();
  }
}

/**
 * The rows of a file in order; no more of them are in memory than were read at once.
 * @param total how many there are
 * @throws when the file holds others: it has been damaged
 */
export async function* readRows(path: string, total: number): AsyncGenerator<Row, void> {
  let rest: Buffer[] = [];
  let size = 0;
  let wanted = HEADER;
  let index = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_SIZE })) {
    rest.push(chunk as Buffer);
    size += (chunk as Buffer).byteLength;
    if (size < wanted) continue;
    const bytes = rest.length === 1 ? (chunk as Buffer) : Buffer.concat(rest, size);
    let at = 0;
    for (;;) {
      wanted = HEADER;
      if (bytes.byteLength - at < HEADER) break;
      wanted += bytes.readUInt32BE(at);
      if (bytes.byteLength - at < wanted) break;
      yield { index, body: bytes.subarray(at + HEADER, at + wanted) };
      index += 1;
      at += wanted;
    }
    rest = at === bytes.byteLength ? [] : [bytes.subarray(at)];
    size = bytes.byteLength - at;
  }
  if (index !== total || size > 0) {
    throw new Error(
      `The file of the rows of a batch is damaged: it ends after ${index} whole rows, of ${total}.`,
    );
  }
}
