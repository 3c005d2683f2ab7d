import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import {
  BrokenUploadError,
  MissingFileError,
  SeveralFilesError,
  UploadTooLargeError,
} from '../sessions/index.js';

/** Fields beside the file, which R Server's clients do not send and nobody reads. */
const MAX_FIELDS = 16;
const MAX_FIELD_BYTES = 64 * 1024;

/** A file that is being uploaded. */
export interface Upload {
  readonly fileName: string;
  /** Ends when the whole form was read; fails when the form is not what it must be. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The one file of a form. Its content must be read to the end, or the request stands still.
 * @param limit bytes
 * @throws {MissingFileError} or {BrokenUploadError}
 */
export async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  if (!request.isMultipart()) throw new MissingFileError();
  const parts = formParts(request, limit);
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
    const part = next.value;
    if (part.type === 'file') {
      if (part.filename === undefined || part.filename === '') throw new MissingFileError();
      return { fileName: part.filename, content: contentOf(part, parts, limit) };
    }
  }
  throw new MissingFileError();
}

/** Bytes of a part that tell what it is. */
const START_BYTES = 64;

/**
 * The first bytes of a part of a form, whose rest is read and thrown away.
 * @param limit bytes of a file
 * @returns undefined where the request is no form, or has no such part
 * @throws {BrokenUploadError} {SeveralFilesError} or {UploadTooLargeError}
 */
export async function startOfPart(
  request: FastifyRequest,
  name: string,
  limit: number,
): Promise<Uint8Array | undefined> {
  if (!request.isMultipart()) return undefined;
  let start: Uint8Array | undefined;
  for await (const part of formParts(request, limit)) {
    if (part.type === 'field') {
      if (part.fieldname === name) start = Buffer.from(String(part.value)).subarray(0, START_BYTES);
      continue;
    }
    const first = await startOfFile(part, limit);
    if (part.file.truncated) throw new UploadTooLargeError(limit);
    if (part.fieldname === name) start = first;
  }
  return start;
}

/** The first bytes of a file, which is read to its end. */
async function startOfFile({ file }: MultipartFile, limit: number): Promise<Uint8Array> {
  let start = Buffer.alloc(0);
  try {
    for await (const chunk of file) {
      if (start.byteLength < START_BYTES) {
        start = Buffer.concat([start, (chunk as Buffer).subarray(0, START_BYTES)]);
      }
    }
  } catch (error) {
    throw toUploadError(error, limit);
  }
  return start;
}

async function* formParts(request: FastifyRequest, limit: number): AsyncGenerator<Multipart> {
  try {
    yield* request.parts({
      // A file name with folders in it must be refused or kept, never cut silently.
      preservePath: true,
      limits: {
        files: 1,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        parts: MAX_FIELDS + 1,
        fileSize: limit,
      },
    });
  } catch (error) {
    throw toUploadError(error, limit);
  }
}

/**
 * A file's bytes. The form behind them is read too before they count as complete: a second file
 * must not be dropped silently.
 */
async function* contentOf(
  part: MultipartFile,
  rest: AsyncGenerator<Multipart>,
  limit: number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* part.file;
  } catch (error) {
    throw toUploadError(error, limit);
  }
  // The parser cuts a file at the limit and only sets a mark.
  if (part.file.truncated) throw new UploadTooLargeError(limit);
  for await (const other of rest) {
    if (other.type === 'file') throw new SeveralFilesError();
  }
}

/** What the parser of forms throws has a code only where a limit was passed. */
function toUploadError(error: unknown, limit: number): Error {
  switch ((error as { code?: unknown }).code) {
    case 'FST_REQ_FILE_TOO_LARGE':
      return new UploadTooLargeError(limit);
    case 'FST_FILES_LIMIT':
      return new SeveralFilesError();
    default:
      return new BrokenUploadError({ cause: error });
  }
}
