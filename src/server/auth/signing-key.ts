import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writePrivateFile } from '../files.js';

const RSA_BITS = 2048;

/** The pair of keys that access tokens are signed and checked with. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Reads the key of a data directory, and generates it the first time.
 * @throws {SigningKeyError} when the file is there but holds no RSA key
 */
export async function loadSigningKey(dataDirectory: string): Promise<SigningKey> {
  const directory = join(dataDirectory, 'keys');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'rs512.pem');
  const stored = await readIfThere(path);
  if (stored !== undefined) {
    return parse(stored, path);
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  await writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Thrown at the start of a server whose key file cannot be used. */
export class SigningKeyError extends Error {
  readonly code = 'SIGNING_KEY';
  override readonly name = 'SigningKeyError';
}

function parse(pem: string, path: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new SigningKeyError(
      `The signing key ${path} cannot be read: ${(error as Error).message}. Restore it, or delete it to get a new one; every user then has to log in again.`,
      { cause: error },
    );
  }
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new SigningKeyError(
      `The signing key ${path} is not an RSA key. Restore it, or delete it to get a new one; every user then has to log in again.`,
    );
  }
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
