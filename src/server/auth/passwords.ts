import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { UnsuitablePasswordError } from './errors.js';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Work factors of new hashes: 32 MiB and about 0.1 s. Older hashes carry their own. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;

const MIN_PASSWORD_LENGTH = 8;
const MAX_PASSWORD_LENGTH = 1024;

/** A hash that no password has, in the form of a new one: unknown users cost the same time. */
const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$${Buffer.alloc(SALT_BYTES).toString('base64url')}$${randomBytes(KEY_BYTES).toString('base64url')}`;

/**
 * Hashes a password for storage: `scrypt$N$r$p$salt$key`, the last two in base64url.
 * @throws {UnsuitablePasswordError}
 */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH) {
    throw new UnsuitablePasswordError(
      `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters; this one has ${password.length}.`,
    );
  }
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES, withMemory(COST));
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/**
 * Whether a password has this hash. Takes the same time for any password, and for an unknown user
 * (`undefined`), whose answer is always false.
 */
export async function checkPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = (hash ?? NOBODY).split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) {
    throw new TypeError('The stored password hash has an unknown form.');
  }
  const expected = Buffer.from(key, 'base64url');
  const actual = await derive(
    password.slice(0, MAX_PASSWORD_LENGTH + 1),
    Buffer.from(salt, 'base64url'),
    expected.length,
    withMemory({ N: Number(N), r: Number(r), p: Number(p) }),
  );
  return timingSafeEqual(actual, expected) && hash !== undefined;
}

/** A password for an account that no one types: 128 bits. */
export function randomPassword(): string {
  return randomBytes(16).toString('base64url');
}

function withMemory(cost: typeof COST): ScryptOptions {
  return { ...cost, maxmem: 256 * cost.N * cost.r };
}
