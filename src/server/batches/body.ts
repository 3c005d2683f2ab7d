import { BatchTooLargeError, InvalidBatchError } from './errors.js';
import { RowSplitter } from './row-splitter.js';

/** What the body of a batch may be. */
export interface BodyLimits {
  /** Bytes in all. */
  readonly maxBytes: number;
  readonly maxRows: number;
  /** Bytes of one row. */
  readonly maxRowBytes: number;
}

/**
 * The rows of a body as it comes in, each checked.
 * @param validate throws for a row that the service does not take
 * @throws {InvalidBatchError} or {BatchTooLargeError}
 */
export async function* rowsOf(
  body: AsyncIterable<Uint8Array>,
  limits: BodyLimits,
  validate: (row: Buffer) => void,
): AsyncGenerator<Buffer, void> {
  const splitter = new RowSplitter(limits.maxRowBytes);
  let size = 0;
  let count = 0;
  for await (const chunk of complete(body)) {
    size += chunk.byteLength;
    if (size > limits.maxBytes) {
      throw new BatchTooLargeError(
        `The body has more than ${limits.maxBytes} bytes. Send the rows as several batches, or have the limit raised (batch.maxBytes).`,
      );
    }
    for (const row of splitter.push(chunk)) {
      if (count >= limits.maxRows) {
        throw new BatchTooLargeError(
          `The batch has more than ${limits.maxRows} rows. Send them as several batches, or have the limit raised (batch.maxRows).`,
        );
      }
      check(row, count, validate);
      count += 1;
      yield row;
    }
  }
  splitter.end();
}

function check(row: Buffer, index: number, validate: (row: Buffer) => void): void {
  try {
    validate(row);
  } catch (error) {
    const { message, fields } = error as Error & { readonly fields?: string };
    throw new InvalidBatchError(`Row ${index} cannot be run: ${message}`, fields, { cause: error });
  }
}

async function* complete(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of body) {
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (error) {
    throw new InvalidBatchError('The body has not arrived in whole. Send it again.', '', {
      cause: error,
    });
  }
}
