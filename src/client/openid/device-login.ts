import * as openid from 'openid-client';
import type { OpenIdLogin } from '../../api/index.js';
import { LoginFailedError, ServerUnreachableError } from '../errors.js';
import { IssuerRefusedError } from './errors.js';

/** What a user does to log in: open a page and confirm a code there. */
export interface DeviceCode {
  readonly page: string;
  readonly code: string;
  /** The page with the code already typed, where the issuer has such. */
  readonly pageWithCode: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Where the login is, and what it is for there: what a user compares with what the page says. */
  readonly authority: string;
  readonly purpose: string;
}

/** A login at an issuer. It lives in memory alone. */
export interface Granted {
  readonly token: string;
  /** Milliseconds since the epoch, where the issuer says it. */
  readonly expiresAt: number | undefined;
  readonly refreshToken: string | undefined;
  /** The user as the issuer shows them, where it does. */
  readonly username: string | undefined;
}

/** A login that has begun, while its user has not confirmed it. */
export interface PendingLogin {
  readonly code: DeviceCode;
  /**
   * Waits for the user.
   * @throws {LoginFailedError} when they refuse, or the code expires.
   * @throws {IssuerRefusedError}
   */
  granted(signal: AbortSignal): Promise<Granted>;
}

/** Seconds that the issuer has to answer. */
const TIMEOUT = 30;

/** Characters of what an issuer says that are shown. */
const LONGEST_REASON = 500;

/** Login by a code for a device (RFC 8628), and its renewal, at one issuer. */
export class DeviceLogin {
  #configuration: Promise<openid.Configuration> | undefined;

  constructor(readonly login: OpenIdLogin) {}

  /**
   * Gets a code that a user can confirm.
   * @throws {ServerUnreachableError} {IssuerRefusedError}
   */
  async begin(): Promise<PendingLogin> {
    const configuration = await this.#configure();
    const asked = await openid
      .initiateDeviceAuthorization(configuration, this.#parameters())
      .catch((error: unknown) => this.#fail(error));
    const life = asked.expires_in * 1000;
    const code = {
      page: asked.verification_uri,
      code: asked.user_code,
      pageWithCode: asked.verification_uri_complete,
      expiresAt: Date.now() + life,
      authority: this.login.authority,
      purpose: this.login.resource ?? this.login.scope,
    };
    return {
      code,
      granted: (signal) => {
        const inTime = AbortSignal.any([signal, AbortSignal.timeout(life)]);
        return this.#poll(configuration, asked, inTime);
      },
    };
  }

  /**
   * Renews a login; undefined when the issuer wants the user to log in again.
   * @throws {ServerUnreachableError} {IssuerRefusedError}
   */
  async renew({ refreshToken, username }: Granted): Promise<Granted | undefined> {
    if (refreshToken === undefined) return undefined;
    const configuration = await this.#configure();
    try {
      const tokens = await openid.refreshTokenGrant(
        configuration,
        refreshToken,
        this.#parameters(),
      );
      const renewed = grantedBy(tokens);
      return {
        ...renewed,
        refreshToken: renewed.refreshToken ?? refreshToken,
        username: renewed.username ?? username,
      };
    } catch (error) {
      // https://openid.net/specs/openid-connect-core-1_0.html#AuthError for the second.
      if (isAnswer(error, 'invalid_grant', 'interaction_required')) return undefined;
      return this.#fail(error);
    }
  }

  async #poll(
    configuration: openid.Configuration,
    asked: Awaited<ReturnType<typeof openid.initiateDeviceAuthorization>>,
    signal: AbortSignal,
  ): Promise<Granted> {
    for (;;) {
      try {
        const tokens = await openid.pollDeviceAuthorizationGrant(configuration, asked, undefined, {
          signal,
        });
        return grantedBy(tokens);
      } catch (error) {
        if (signal.aborted || isAnswer(error, 'expired_token')) {
          throw new LoginFailedError('The code to log in with was not confirmed in time.', {
            cause: error,
          });
        }
        if (isAnswer(error, 'access_denied')) {
          throw new LoginFailedError('The login was refused on the page of the issuer.', {
            cause: error,
          });
        }
        // The user may confirm the code while the network is away; the interval passes first.
        if (!isNetworkFailure(error)) return this.#fail(error);
      }
    }
  }

  #parameters(): Record<string, string> {
    const { scope, resource } = this.login;
    return { scope, ...(resource === undefined ? {} : { resource }) };
  }

  #configure(): Promise<openid.Configuration> {
    this.#configuration ??= this.#discover().catch((error: unknown) => {
      this.#configuration = undefined;
      return this.#fail(error);
    });
    return this.#configuration;
  }

  async #discover(): Promise<openid.Configuration> {
    const { authority, clientId } = this.login;
    const url = new URL(authority);
    // Tenants of Microsoft's go by several names, which the library knows when it makes the address.
    const isMicrosoft = url.hostname === 'login.microsoftonline.com';
    const address = isMicrosoft ? url : new URL(`${authority}/.well-known/openid-configuration`);
    const configuration = await openid.discovery(address, clientId, undefined, openid.None(), {
      timeout: TIMEOUT,
      ...(url.protocol === 'http:' ? { execute: [openid.allowInsecureRequests] } : {}),
    });
    const { issuer, device_authorization_endpoint: devices } = configuration.serverMetadata();
    if (!isMicrosoft && issuer.replace(/\/$/, '') !== authority) {
      throw new IssuerRefusedError(
        `What answers at ${authority} calls itself ${issuer}: whoever runs the server, or the setting "authority", has to name that.`,
      );
    }
    if (devices === undefined) {
      throw new IssuerRefusedError(
        `${authority} has no login by a code for a device. Get an access token in another way and use --auth token or SLIPWAY_TOKEN.`,
      );
    }
    return configuration;
  }

  #fail(error: unknown): never {
    const { authority, clientId, scope } = this.login;
    if (isNetworkFailure(error)) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      const reason = cause?.code ?? (error as { code?: string }).code ?? 'no answer';
      throw new ServerUnreachableError(authority, reason, { cause: error });
    }
    if (error instanceof openid.ResponseBodyError) {
      const said = error.error_description ?? error.error;
      throw new IssuerRefusedError(
        `${authority} refuses the login of the program ${clientId} for "${scope}": ${said.slice(0, LONGEST_REASON)}`,
        { cause: error },
      );
    }
    if (error instanceof openid.ClientError) {
      const { message, code = '' } = error;
      throw new IssuerRefusedError(
        `What answers at ${authority} is not an issuer of OpenID Connect, or is in disorder: ${message} (${code}).`,
        { cause: error },
      );
    }
    throw error;
  }
}

type TokenAnswer = Awaited<ReturnType<typeof openid.refreshTokenGrant>>;

function grantedBy(tokens: TokenAnswer): Granted {
  const life = tokens.expiresIn();
  const claims = tokens.claims();
  const names = [claims?.upn, claims?.preferred_username, claims?.email, claims?.sub];
  return {
    token: tokens.access_token,
    expiresAt: life === undefined ? undefined : Date.now() + life * 1000,
    refreshToken: tokens.refresh_token,
    username: names.find((name) => typeof name === 'string') as string | undefined,
  };
}

function isAnswer(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof openid.ResponseBodyError && codes.includes(error.error);
}

/** `fetch` says so by a TypeError with the cause, the library by a code of its own when time is up. */
function isNetworkFailure(error: unknown): boolean {
  if (error instanceof openid.ClientError) return error.code === 'OAUTH_TIMEOUT';
  return error instanceof TypeError && error.cause instanceof Error;
}
