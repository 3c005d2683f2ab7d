/**
 * How a server that takes the tokens of an outside issuer tells its clients where to log in: in the
 * `WWW-Authenticate` header of its refusals, because the routes of R Server have no place for it.
 */
export interface OpenIdLogin {
  /** Address of the issuer, below which its OpenID Connect metadata is found. */
  readonly authority: string;
  /** The program that users log in with, as it is registered at the issuer. */
  readonly clientId: string;
  /** What is asked for, between blanks. */
  readonly scope: string;
  /** The API that the token is for, at an issuer that is asked by RFC 8707. */
  readonly resource?: string;
}

/** What an authority, an audience and a client are called in a challenge. */
const PARAMETERS = {
  authority: 'authority',
  clientId: 'client_id',
  scope: 'scope',
  resource: 'resource',
} as const satisfies Record<keyof OpenIdLogin, string>;

/** What a value of a challenge may hold: it stands between quotes. RFC 6750, section 3. */
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

/** Hosts of Microsoft's directory service, those of national clouds included. */
const MICROSOFT =
  /^(login\.microsoftonline\.(com|us)|login\.windows\.net|sts\.windows\.net|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|sts\.chinacloudapi\.cn)$/;

/** Names of hosts that are this machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The challenge of a server: `Bearer authority="…", client_id="…", scope="…"`. */
export function loginChallenge(login: OpenIdLogin): string {
  const parts = (Object.keys(PARAMETERS) as (keyof OpenIdLogin)[]).flatMap((key) =>
    login[key] === undefined ? [] : [`${PARAMETERS[key]}="${login[key]}"`],
  );
  return `Bearer ${parts.join(', ')}`;
}

/** What a challenge says; undefined when it does not say where to log in. */
export function readLoginChallenge(header: string | undefined): OpenIdLogin | undefined {
  if (header === undefined || !/^Bearer\s/i.test(header)) return undefined;
  const said = new Map(
    [...header.matchAll(/(\w+)="([^"\\]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const authority = said.get(PARAMETERS.authority);
  const clientId = said.get(PARAMETERS.clientId);
  const scope = said.get(PARAMETERS.scope);
  const resource = said.get(PARAMETERS.resource);
  if (!authority || !clientId || !scope) return undefined;
  return { authority, clientId, scope, ...(resource ? { resource } : {}) };
}

/** Whether a text can be said in a challenge. */
export function isQuotable(text: string): boolean {
  return QUOTABLE.test(text);
}

/**
 * The address of an issuer without a slash at its end; that of Microsoft's with the version of its
 * protocol that has scopes, so that what R Server calls an authority
 * (`https://login.windows.net/contoso.com`) is understood. Undefined for what is no `https` address
 * without a query; this machine may do without TLS.
 */
export function normaliseAuthority(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') return undefined;
  if (!isSafeAddress(url)) return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  if (!isMicrosoft(url)) return `${url.origin}${path}`;
  const host = url.hostname.replace(/^(login|sts)\.windows\.net$/, 'login.microsoftonline.com');
  const [, tenant = ''] = path.split('/');
  return `https://${host}/${tenant || 'organizations'}/v2.0`;
}

/**
 * What a user asks for at an issuer, by what the token is for, where nobody has said it.
 * @param authority as {@link normaliseAuthority} gives it
 */
export function defaultLogin(authority: string, clientId: string, audience: string): OpenIdLogin {
  const common = 'openid profile offline_access';
  if (isMicrosoft(new URL(authority))) {
    return { authority, clientId, scope: `${audience}/.default ${common}` };
  }
  const isAddress = URL.parse(audience) !== null;
  return { authority, clientId, scope: common, ...(isAddress ? { resource: audience } : {}) };
}

/** Whether what is sent to an address is protected: by TLS, or because it stays on this machine. */
export function isSafeAddress(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

function isMicrosoft({ hostname }: URL): boolean {
  return MICROSOFT.test(hostname);
}
