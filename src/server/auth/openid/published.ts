import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { isSafeAddress } from '../../../api/index.js';
import { acceptedIssuers } from './issuer-names.js';

/** What an issuer says about itself, at one moment. */
export interface Published {
  /** What `iss` may be in its tokens. */
  readonly issuers: readonly string[];
  readonly keys: JWTVerifyGetKey;
}

/** The parts that matter here. https://openid.net/specs/openid-connect-discovery-1_0.html */
const Metadata = Type.Object({ issuer: Type.String(), jwks_uri: Type.String() });
const KeySet = Type.Object({ keys: Type.Array(Type.Object({})) });

/** Milliseconds that the issuer has to answer. */
const TIMEOUT = 5000;
/** Bytes of an answer. */
const LONGEST = 1024 * 1024;

/** What is wrong with an answer of the issuer, for the log. */
export class UnusableAnswerError extends Error {
  readonly code = 'UNUSABLE_ANSWER';
  override readonly name = 'UnusableAnswerError';
}

/**
 * Asks an issuer for its name and its keys.
 * @param tenants who is let in, where the issuer is that of all tenants
 * @throws {UnusableAnswerError} and what `fetch` throws
 */
export async function readPublished(
  authority: string,
  tenants: readonly string[],
): Promise<Published> {
  const metadata = await getJson(`${authority}/.well-known/openid-configuration`);
  if (!Value.Check(Metadata, metadata)) {
    throw new UnusableAnswerError(`${authority} does not publish the metadata of OpenID Connect.`);
  }
  const issuers = acceptedIssuers(metadata.issuer, authority, tenants);
  if (issuers.length === 0) {
    throw new UnusableAnswerError(
      metadata.issuer.includes('{tenantid}')
        ? `${authority} is for all tenants: name those that are let in, in authentication.openid.tenants.`
        : `${authority} calls itself ${metadata.issuer}: set authentication.openid.authority to that.`,
    );
  }
  const keySet = await getJson(metadata.jwks_uri);
  if (!Value.Check(KeySet, keySet)) {
    throw new UnusableAnswerError(`${metadata.jwks_uri} does not publish keys.`);
  }
  return { issuers, keys: createLocalJWKSet(keySet as JSONWebKeySet) };
}

async function getJson(address: string): Promise<unknown> {
  const url = URL.parse(address);
  if (url === null || !isSafeAddress(url)) {
    throw new UnusableAnswerError(`${address} is not protected by TLS.`);
  }
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const text = await readText(response, address);
  if (response.status !== 200) {
    throw new UnusableAnswerError(`${address} was answered with status ${response.status}.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnusableAnswerError(`${address} was not answered with JSON.`, { cause });
  }
}

async function readText({ body }: Response, address: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body ?? []) {
    length += piece.byteLength;
    if (length > LONGEST) throw new UnusableAnswerError(`${address} was answered at great length.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
