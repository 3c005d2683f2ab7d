import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { InvalidTokenError, TokenExpiredError } from './errors.js';
import type { SigningKeys } from './signing-key.js';

/** Seconds that an access token is valid. */
export const ACCESS_TOKEN_LIFETIME = 3600;

const ALGORITHM = 'RS512';
const ISSUER = 'slipway';
const AUDIENCE = 'slipway-api';

const Claims = Type.Object({
  sub: Type.String(),
  sid: Type.String(),
  jti: Type.String(),
  exp: Type.Integer(),
});

/** Who a token is for (`sub`), its login (`sid`), its own id (`jti`) and its end (`exp`, Unix seconds). */
export type Claims = Static<typeof Claims>;

/** Signs an access token. @throws {SigningKeyError} */
export async function signAccessToken(keys: SigningKeys, claims: Claims): Promise<string> {
  const { id, privateKey } = await keys.current();
  return new SignJWT({ sub: claims.sub, sid: claims.sid, jti: claims.jti })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: id })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(claims.exp)
    .sign(privateKey);
}

/**
 * Checks signature, issuer and time of an access token. The algorithm is fixed: a header that
 * names another, `none` included, is refused whatever the signature is.
 * @throws {TokenExpiredError} or {InvalidTokenError}
 */
export async function verifyAccessToken(keys: SigningKeys, token: string): Promise<Claims> {
  const keyOf = async ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? (await keys.current()).publicKey : await keys.find(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  let payload: unknown;
  try {
    const verified = await jwtVerify(token, keyOf, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: 'JWT',
    });
    payload = verified.payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new TokenExpiredError({ cause: error });
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      throw new InvalidTokenError({ cause: error });
    }
    throw error;
  }
  if (!Value.Check(Claims, payload)) {
    throw new InvalidTokenError();
  }
  return payload;
}

/** The login that a token was handed out for; only of a token that has been verified before. */
export function loginIdOf(token: string): string {
  return String(decodeJwt(token).sid);
}
