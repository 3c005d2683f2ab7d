import { randomUUID } from 'node:crypto';
import type { RequestBody } from './transport.js';

/**
 * A multipart/form-data body with one file, as RFC 7578 has it. The name is percent-encoded where
 * it would break the header (quotes and line ends), as browsers do.
 */
export function multipartFile(
  field: string,
  fileName: string,
  content: RequestBody,
): { body: RequestBody; contentType: string } {
  const boundary = `slipway-${randomUUID()}`;
  const name = fileName.replace(/["\r\n]/g, (character) => encodeURIComponent(character));
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const contentType = `multipart/form-data; boundary=${boundary}`;
  if (typeof content === 'function') {
    const parts = async function* () {
      yield head;
      yield* content();
      yield tail;
    };
    return { body: parts, contentType };
  }
  return { body: Buffer.concat([head, Buffer.from(content), tail]), contentType };
}
