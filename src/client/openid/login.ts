import {
  defaultLogin,
  isSafeAddress,
  normaliseAuthority,
  type OpenIdLogin,
  readLoginChallenge,
} from '../../api/index.js';
import { SettingError } from '../configuration/index.js';
import { HttpTransport } from '../transport.js';
import { UnknownIssuerError } from './errors.js';

/** What the settings say about the issuer; each goes before what the server says. */
export interface OpenIdSettings {
  readonly authority: string | undefined;
  readonly clientId: string | undefined;
  /** The API that tokens are for. */
  readonly audience: string | undefined;
  readonly scope: string | undefined;
}

/** Milliseconds that the server has to say where to log in. */
const TIMEOUT = 30_000;

/**
 * Where to log in for a server, and what to ask for there: as it is configured, and for the rest as
 * the server says. A server that is not asked in vain is Slipway's; others say nothing, so that all
 * has to be configured for them.
 * @throws {UnknownIssuerError} {SettingError}
 * @throws {ClientError} when the server cannot be reached.
 */
export async function openIdLogin(
  url: string,
  ca: string | undefined,
  settings: OpenIdSettings,
): Promise<OpenIdLogin> {
  const { clientId, audience, scope } = settings;
  const authority = settings.authority && configuredAuthority(settings.authority);
  if (authority !== undefined && clientId !== undefined && audience !== undefined) {
    return withScope(defaultLogin(authority, clientId, audience), scope);
  }
  const said = await askServer(url, ca);
  if (said === undefined) {
    throw new UnknownIssuerError(
      `The server at ${url} does not say where to log in: it has accounts of its own, or it is another R Server with Azure AD. For the first leave out --auth aad; for the second set authority, clientId and audience in the configuration file, or SLIPWAY_AUTHORITY, SLIPWAY_CLIENT_ID and SLIPWAY_AUDIENCE.`,
    );
  }
  const own = { authority: authority ?? said.authority, clientId: clientId ?? said.clientId };
  return audience === undefined
    ? withScope({ ...said, ...own }, scope)
    : withScope(defaultLogin(own.authority, own.clientId, audience), scope);
}

function configuredAuthority(address: string): string {
  const authority = normaliseAuthority(address);
  if (authority !== undefined) return authority;
  throw new SettingError(
    `The setting "authority" is ${address}; it must be an https address such as "https://login.microsoftonline.com/contoso.com".`,
  );
}

function withScope(login: OpenIdLogin, scope: string | undefined): OpenIdLogin {
  return scope === undefined ? login : { ...login, scope };
}

/** What a server says to a request without a token. */
async function askServer(url: string, ca: string | undefined): Promise<OpenIdLogin | undefined> {
  const transport = new HttpTransport(url, ca);
  try {
    const answer = await transport.send({ method: 'GET', path: '/status', timeout: TIMEOUT });
    answer.resume();
    const said = readLoginChallenge(answer.headers['www-authenticate']);
    if (said === undefined) return undefined;
    const authority = normaliseAuthority(said.authority);
    // A server elsewhere has no business with what listens on this machine.
    if (authority === undefined || (isPlain(authority) && !isSafeAddress(new URL(url)))) {
      throw new UnknownIssuerError(
        `The server at ${url} says to log in at ${said.authority}, which is not protected by TLS. Do not; whoever runs it has to correct that.`,
      );
    }
    return { ...said, authority };
  } finally {
    await transport.close();
  }
}

function isPlain(address: string): boolean {
  return address.startsWith('http:');
}
