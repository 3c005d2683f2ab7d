import { ApiError } from '../errors.js';

/** Thrown for an id that names no batch of the user: it never was one, or is someone else's. */
export class BatchNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'BATCH_NOT_FOUND';
  override readonly name = 'BatchNotFoundError';

  constructor(name: string, version: string, id: string) {
    const path = `/api/${encodeURIComponent(name)}/${encodeURIComponent(version)}/batch`;
    super(
      `You have no batch ${JSON.stringify(id.slice(0, 100))} of ${name}/${version}; it may have expired. GET ${path} lists your batches.`,
    );
  }
}

/** Thrown for the number of a row that a batch does not have, or that has not been run yet. */
export class BatchRowNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'BATCH_ROW_NOT_FOUND';
  override readonly name = 'BatchRowNotFoundError';

  constructor(index: number, total: number) {
    super(
      index < total
        ? `Row ${index} of the batch has not been run yet. Ask again when it has.`
        : `The batch has no row ${index}. Its ${total} rows are counted from 0.`,
    );
  }
}

/** Thrown for a file that the run of a row has not left. */
export class BatchFileNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'BATCH_FILE_NOT_FOUND';
  override readonly name = 'BatchFileNotFoundError';

  constructor(index: number, fileName: string) {
    super(
      `Row ${index} of the batch has left no file ${JSON.stringify(fileName.slice(0, 255))}. The list of its files tells those there are.`,
    );
  }
}

/** Thrown when a batch is begun with what is no list of rows; the message names the first wrong. */
export class InvalidBatchError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_BATCH';
  override readonly name = 'InvalidBatchError';

  constructor(
    message: string,
    /** The wrong parameter. */
    readonly fields = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown for a number of the query that is not one, or is out of its range. */
export class InvalidBatchQueryError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_REQUEST';
  override readonly name = 'InvalidBatchQueryError';

  constructor(
    message: string,
    readonly fields: string,
  ) {
    super(message);
  }
}

/** Thrown when a batch has more bytes or rows than batches may. */
export class BatchTooLargeError extends ApiError {
  readonly statusCode = 413;
  readonly code = 'BODY_TOO_LARGE';
  override readonly name = 'BatchTooLargeError';
}
