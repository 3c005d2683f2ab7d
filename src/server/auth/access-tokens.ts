import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { InvalidTokenError, TokenExpiredError } from './errors.js';
import type { SigningKey } from './signing-key.js';

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

/** Signs an access token. */
export function signAccessToken(key: SigningKey, claims: Claims): Promise<string> {
  return new SignJWT({ sub: claims.sub, sid: claims.sid, jti: claims.jti })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(claims.exp)
    .sign(key.privateKey);
}

/**
 * Checks signature, issuer and time of an access token. The algorithm is fixed: a header that
 * names another, `none` included, is refused whatever the signature is.
 * @throws {TokenExpiredError} or {InvalidTokenError}
 */
export async function verifyAccessToken(key: SigningKey, token: string): Promise<Claims> {
  let payload: unknown;
  try {
    const verified = await jwtVerify(token, key.publicKey, {
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
