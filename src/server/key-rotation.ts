import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { auditCommand } from './audit/index.js';
import { ACCESS_TOKEN_LIFETIME, rotateSigningKey } from './auth/index.js';
import { DATABASE_FILE } from './store/index.js';

/** Thrown when the key of a directory is to be exchanged that is no data directory. */
export class NoSigningKeyError extends Error {
  readonly code = 'NO_SIGNING_KEY';
  override readonly name = 'NoSigningKeyError';

  constructor(dataDirectory: string) {
    super(
      `${dataDirectory} is not the data directory of a server, so that it has no key. Name the one you mean with --data or SLIPWAY_HOME.`,
    );
  }
}

/**
 * Exchanges the key that signs the access tokens of a data directory, whether a server runs on it or
 * not. Nobody is logged out: tokens that the key before has signed count until they expire.
 * @returns the id of the new key, which new tokens have in their header
 * @throws {NoSigningKeyError} {SigningKeyError}
 */
export async function rotateKey(dataDirectory: string): Promise<string> {
  if (!existsSync(join(dataDirectory, DATABASE_FILE))) throw new NoSigningKeyError(dataDirectory);
  const id = await rotateSigningKey(dataDirectory, ACCESS_TOKEN_LIFETIME);
  auditCommand(dataDirectory, 'slipway server rotate-key', { key: id });
  return id;
}
