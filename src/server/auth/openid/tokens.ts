import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { defaultLogin, loginChallenge } from '../../../api/index.js';
import type { OpenIdConfig } from '../../config.js';
import type { LoginAdvice } from '../errors.js';
import {
  type IssuerUnavailableError,
  NamelessTokenError,
  OutsideTokenExpiredError,
  OutsideTokenInvalidError,
  TokenNotYetValidError,
  UnknownSigningKeyError,
  WrongAudienceError,
  WrongIssuerError,
} from './errors.js';
import { Issuer, type IssuerState } from './issuer.js';
import type { Published } from './published.js';

/** Who a token of the issuer's is for. */
export interface OutsideUser {
  readonly name: string;
  /** Groups and roles that the issuer says they have. */
  readonly groups: readonly string[];
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** How it stands with the issuer, for the status of the server. */
export interface OpenIdState {
  readonly authority: string;
  readonly state: IssuerState;
}

/**
 * How a token may be signed: with a key pair. A secret that both sides share is not among them, so
 * that nobody can take the issuer's public key for one and sign with it.
 */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** What a token may call its type. Others that issuers sign, such as `logout+jwt`, are no tokens. */
const TYPES: readonly (string | undefined)[] = [undefined, 'jwt', 'at+jwt'];

/** Seconds that clocks may differ. */
const CLOCK_TOLERANCE = 60;

/** Where the name of the user is looked for, in this order. */
const NAME_CLAIMS = ['upn', 'preferred_username', 'sub'];
const NAME = /^\P{Cc}{1,128}$/u;

/** Checks the access tokens of one issuer. */
export class OpenIdTokens {
  /** How to get a token that counts here. */
  readonly advice: LoginAdvice;
  readonly #issuer: Issuer;

  /**
   * @param onProblem told when the issuer cannot be asked for its keys
   * @param now milliseconds of a clock
   */
  constructor(
    private readonly config: OpenIdConfig,
    onProblem: (error: IssuerUnavailableError) => void,
    private readonly now: () => number = Date.now,
  ) {
    const { authority, clientId, audience, scope, tenants } = config;
    const login = defaultLogin(authority, clientId, audience);
    this.advice = {
      challenge: loginChallenge(scope === undefined ? login : { ...login, scope }),
      sentence: `Get an access token from ${authority} for ${audience}; in a notebook, %connect URL --auth aad does that.`,
    };
    this.#issuer = new Issuer(authority, tenants, onProblem, now);
  }

  get state(): OpenIdState {
    return { authority: this.config.authority, state: this.#issuer.state };
  }

  /**
   * Whose access token it is.
   * @throws {UnauthorizedError} of a class for each cause
   * @throws {IssuerUnavailableError} when that cannot be told
   */
  async verify(token: string): Promise<OutsideUser> {
    const claims = await this.#claims(token);
    const { userClaim } = this.config;
    const places = userClaim === undefined ? NAME_CLAIMS : [userClaim];
    const name = places.map((place) => claims[place]).find((value) => value !== undefined);
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new NamelessTokenError(places, this.advice);
    }
    const groups = [...listOf(claims.groups), ...listOf(claims.roles)];
    return { name, groups, expiresAt: claims.exp ?? 0 };
  }

  /** Whether the time of a token is up that {@link verify} has found to be right. */
  isOver(token: string): boolean {
    return ((decodeJwt(token).exp ?? 0) + CLOCK_TOLERANCE) * 1000 <= this.now();
  }

  async #claims(token: string): Promise<JWTPayload> {
    try {
      return await this.#check(token, await this.#issuer.published());
    } catch (error) {
      if (!(error instanceof UnknownSigningKeyError)) throw error;
      const published = await this.#issuer.publishedNow();
      if (published === undefined) throw error;
      return await this.#check(token, published);
    }
  }

  async #check(token: string, { issuers, keys }: Published): Promise<JWTPayload> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: [...issuers],
        audience: this.#audiences,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ['exp'],
        currentDate: new Date(this.now()),
      });
      const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
      if (!TYPES.includes(type)) {
        throw new OutsideTokenInvalidError('What was sent is no access token.', this.advice);
      }
      return payload;
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** An application of Microsoft's is called `api://ID` in some of its tokens and `ID` in others. */
  get #audiences(): string[] {
    const { audience } = this.config;
    const [, id] = /^api:\/\/([\da-f-]{36})$/i.exec(audience) ?? [];
    return id === undefined ? [audience] : [audience, id];
  }

  #refusal(error: unknown): unknown {
    const { advice } = this;
    const options = { cause: error };
    if (error instanceof errors.JWTExpired) return new OutsideTokenExpiredError(advice, options);
    if (error instanceof errors.JWKSNoMatchingKey) {
      return new UnknownSigningKeyError(advice, options);
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      const { claim } = error;
      if (claim === 'iss') return new WrongIssuerError(advice, options);
      if (claim === 'aud') return new WrongAudienceError(this.config.audience, advice, options);
      if (claim === 'nbf') return new TokenNotYetValidError(advice, options);
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      const problem =
        'The access token was not issued by the issuer of this server or was altered.';
      return new OutsideTokenInvalidError(problem, advice, options);
    }
    return error;
  }
}

/** The texts of a claim that is a list of them, or a single one. */
function listOf(claim: unknown): string[] {
  const values = Array.isArray(claim) ? claim : [claim];
  return values.filter((value) => typeof value === 'string');
}
