import Type, { type Static } from 'typebox';

/** Body of `POST /login`. */
export const LoginRequest = Type.Object(
  {
    username: Type.String({ description: 'Name of the user.' }),
    password: Type.String({ description: 'Password of the user.' }),
  },
  { $id: 'LoginRequest' },
);
export type LoginRequest = Static<typeof LoginRequest>;

/** Body of `POST /login/refreshToken`. */
export const RenewTokenRequest = Type.Object(
  { refreshToken: Type.String({ description: 'A refresh token that is still valid.' }) },
  { $id: 'RenewTokenRequest' },
);
export type RenewTokenRequest = Static<typeof RenewTokenRequest>;

/**
 * Answer of the token routes. `access_token` is never last and the JSON is compact, because
 * load-test plans in the field cut it out with the pattern `access_token":"(.+?)",`.
 * The fields are null where a token was revoked.
 */
export const AccessTokenResponse = Type.Object(
  {
    token_type: Type.Union([Type.String(), Type.Null()]),
    access_token: Type.Union([Type.String(), Type.Null()]),
    expires_in: Type.Union([Type.Integer(), Type.Null()], { description: 'Seconds.' }),
    expires_on: Type.Union([Type.Integer(), Type.Null()], { description: 'Unix seconds.' }),
    refresh_token: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'AccessTokenResponse' },
);
export type AccessTokenResponse = Static<typeof AccessTokenResponse>;

/** The pair of tokens that a successful login or renewal answers with. */
export interface TokenPair {
  token_type: 'Bearer';
  access_token: string;
  /** Seconds. */
  expires_in: number;
  /** Unix seconds. */
  expires_on: number;
  refresh_token: string;
}
