import { createHash, randomBytes } from 'node:crypto';
import { parse, stringify, v4 } from 'uuid';

/** Milliseconds without a renewal after which a login ends. */
export const REFRESH_IDLE_LIFETIME = 14 * 24 * 60 * 60 * 1000;
/** Milliseconds after which a login ends however often it was renewed. */
export const REFRESH_TOTAL_LIFETIME = 90 * 24 * 60 * 60 * 1000;

const ID_BYTES = 16;
const SECRET_BYTES = 32;

/** A refresh token: it carries the id of its login, so that a used one reveals whose it was. */
export interface RefreshToken {
  readonly loginId: string;
  /** Base64. */
  readonly token: string;
  /** SHA-256 in hexadecimal: all that is stored. */
  readonly hash: string;
}

/** A new random token of a login, or of a new login. */
export function createRefreshToken(loginId: string = v4()): RefreshToken {
  const token = Buffer.concat([parse(loginId), randomBytes(SECRET_BYTES)]).toString('base64');
  return { loginId, token, hash: hashOf(token) };
}

/** What a client sent as a token, or undefined when it cannot be one. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length !== ID_BYTES + SECRET_BYTES || bytes.toString('base64') !== token) {
    return undefined;
  }
  try {
    return { loginId: stringify(bytes.subarray(0, ID_BYTES)), token, hash: hashOf(token) };
  } catch (error) {
    if (error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
