import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importPKCS8, SignJWT } from 'jose';
import type { TestServer } from './server.js';

type Signer = Pick<TestServer, 'dataDirectory' | 'token'>;

/** The private key with which a server signs its tokens, as PEM. */
export const signingKey = ({ dataDirectory }: Signer) =>
  readFile(join(dataDirectory, 'keys', 'rs512.pem'), 'utf8');

/** What the administrator's token says. */
export function claimsOf({ token }: Signer): Record<string, unknown> {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

/** Signs the claims of the administrator's token as the server does, with what the changes replace. */
export async function signToken(
  server: Signer,
  changes: object,
  header: object = {},
  key?: CryptoKey,
): Promise<string> {
  const signer = key ?? (await importPKCS8(await signingKey(server), 'RS512'));
  return new SignJWT({ ...claimsOf(server), ...changes })
    .setProtectedHeader({ alg: 'RS512', typ: 'JWT', ...header })
    .sign(signer);
}

/** One that has expired a second ago. */
export const expiredToken = (server: Signer) =>
  signToken(server, { exp: Math.floor(Date.now() / 1000) - 1 });
