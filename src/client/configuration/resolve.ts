import { readFile } from 'node:fs/promises';
import { InvalidServerUrlError } from '../errors.js';
import type { OpenIdSettings } from '../openid/index.js';
import { normaliseServerUrl } from '../transport.js';
import { type ConfigFile, EMBEDDED, readConfigFile } from './config-file.js';
import { MissingUserError, SettingError } from './errors.js';
import {
  environmentPlace,
  kernelspecPlace,
  type MagicSettings,
  magicPlace,
  type Place,
} from './places.js';
import { SETTINGS, type SettingKey, type SettingSource, type SettingValues } from './settings.js';

/** The user that R Server has when it is installed. */
export const DEFAULT_USER = 'admin';

/** The settings that are a way to log in, the first that counts first. */
const LOGIN_KEYS = [
  'token',
  'tokenFile',
  'password',
  'passwordFile',
  'credentialCommand',
] as const satisfies readonly SettingKey[];
type LoginKey = (typeof LOGIN_KEYS)[number];

/** The settings that are no way to log in, besides the address. */
const SHOWN = [
  'user',
  'auth',
  'authority',
  'clientId',
  'audience',
  'scope',
  'caFile',
  'timeout',
] as const satisfies readonly SettingKey[];

/** How the configuration says to log in. */
export type LoginSetting = {
  readonly [Key in LoginKey]: { readonly key: Key; readonly value: SettingValues[Key] };
}[LoginKey] & {
  readonly source: SettingSource;
  /** Where it stands: `SLIPWAY_PASSWORD`. */
  readonly where: string;
  /**
   * Whether it is for just this server. Any other is used for an address typed by hand only where
   * nobody can be asked: a password must not go to a server that it was not meant for.
   */
  readonly isForThisServer: boolean;
};

/** One setting, where it comes from, and its value unless that is a secret. */
export interface SettingOrigin {
  readonly key: SettingKey;
  readonly value?: string | number;
  readonly source: SettingSource;
  /** The variable, or the file and the key in it; empty for a default. */
  readonly where: string;
}

/** All that the places together say. */
export interface Configuration {
  /** Address of the server; undefined for this user's own. */
  readonly url: string | undefined;
  readonly user: string;
  /** What the server wants: a password, an access token, or one of an issuer's of OpenID Connect. */
  readonly kind: 'password' | 'token' | 'openid';
  readonly openid: OpenIdSettings;
  readonly login: LoginSetting | undefined;
  /** PEM certificates to trust. */
  readonly ca: string | undefined;
  /** Milliseconds that a short request may take, where that is set. */
  readonly timeout: number | undefined;
  readonly origins: readonly SettingOrigin[];
}

/**
 * Puts the places together. A setting comes from the first of these that says it: `%connect`, the
 * environment, the entry of the kernel, the configuration file. What stands together with the
 * address of one server is never used for another.
 * @throws {ClientError} for whatever is wrong with a setting, naming the place.
 */
export async function resolveConfiguration(
  options: { magic?: MagicSettings | undefined; env?: NodeJS.ProcessEnv } = {},
): Promise<Configuration> {
  const { magic, env = process.env } = options;
  const file = await readConfigFile(env);
  const outer = [magicPlace(magic), environmentPlace(env), kernelspecPlace(env)];
  const naming = [...outer, file.top].find(({ values }) => values.url !== undefined);
  const target = naming === undefined ? undefined : locate(naming, file);
  const places = [...outer, ...namedServers(file, target), file.top].filter(
    (place) => place.values.url === undefined || isSame(locate(place, file), target),
  );
  const pick = <Key extends SettingKey>(key: Key) =>
    places.find(({ values }) => values[key] !== undefined);
  const auth = pick('auth');
  const method = auth?.values.auth;
  const named = pick('user')?.values.user;
  checkUser(named, method);
  const user = named ?? DEFAULT_USER;
  const isByHand = naming?.source === '%connect';
  const login = findLogin(places, user, method, isByHand);
  const isToken = login?.key === 'token' || login?.key === 'tokenFile';
  const timeout = pick('timeout')?.values.timeout;
  const origins = SHOWN.flatMap((key) => originOf(key, pick(key)));
  return {
    url: target?.url,
    user,
    kind:
      method === 'aad'
        ? 'openid'
        : method === 'token' || (method === undefined && isToken)
          ? 'token'
          : 'password',
    openid: {
      authority: pick('authority')?.values.authority,
      clientId: pick('clientId')?.values.clientId,
      audience: pick('audience')?.values.audience,
      scope: pick('scope')?.values.scope,
    },
    login,
    ca: await readCertificates(pick('caFile')),
    timeout: timeout === undefined ? undefined : timeout * 1000,
    origins: [urlOrigin(naming, target), ...origins, ...loginOrigin(login)],
  };
}

/** A server that a place names; `url` is undefined for this user's own. */
interface Target {
  readonly url: string | undefined;
  readonly name?: string;
}

function locate(place: Place, file: ConfigFile): Target {
  const address = place.values.url ?? '';
  if (address === EMBEDDED) return { url: undefined };
  const named = file.servers.get(address);
  try {
    if (named === undefined) return { url: normaliseServerUrl(address) };
    return { url: normaliseServerUrl(named.values.url ?? ''), name: address };
  } catch (error) {
    if (!(error instanceof InvalidServerUrlError) || place.source === '%connect') throw error;
    const where = (named ?? place).where('url');
    throw new InvalidServerUrlError(`${where}: ${error.message}`, { cause: error });
  }
}

/** What the file says about a server: by its name, or by its address when that was given. */
function namedServers(file: ConfigFile, target: Target | undefined): Place[] {
  if (target?.name !== undefined) return [file.servers.get(target.name) ?? []].flat();
  return [...file.servers.values()].filter((place) => isSame(locate(place, file), target));
}

function isSame(one: Target, other: Target | undefined): boolean {
  return one.url === other?.url;
}

function findLogin(
  places: readonly Place[],
  user: string,
  method: SettingValues['auth'] | undefined,
  isByHand: boolean,
): LoginSetting | undefined {
  const found = places.flatMap((place) => {
    const { values, source, where } = place;
    // A password of another user is of no use; a command is told whose is wanted.
    const isOthers = values.user !== undefined && values.user !== user;
    const key = LOGIN_KEYS.find(
      (each) =>
        values[each] !== undefined && suits(each, method) && !(isOthers && isPassword(each)),
    );
    if (key === undefined) return [];
    const isForThisServer = values.url !== undefined || !isByHand;
    return [
      { key, value: values[key], source, where: where(key), isForThisServer } as LoginSetting,
    ];
  });
  return found.find(({ isForThisServer }) => isForThisServer) ?? found[0];
}

function isPassword(key: LoginKey): boolean {
  return key === 'password' || key === 'passwordFile';
}

function suits(key: LoginKey, method: SettingValues['auth'] | undefined): boolean {
  if (method === undefined || key === 'credentialCommand') return true;
  return key.startsWith('token') === (method === 'token' || method === 'aad');
}

/**
 * A directory does not know the account that servers have of their own, which is the user otherwise.
 * @throws {MissingUserError}
 */
function checkUser(user: string | undefined, method: SettingValues['auth'] | undefined): void {
  if (method === 'ldap' && user === undefined) {
    throw new MissingUserError(
      'A login by LDAP needs your name there: %connect URL --auth ldap --user NAME, or the setting "user".',
    );
  }
}

async function readCertificates(place: Place | undefined): Promise<string | undefined> {
  const path = place?.values.caFile;
  if (place === undefined || path === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SettingError(
      `${place.where('caFile')} names ${path}, which cannot be read (${code}).`,
      {
        cause,
      },
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new SettingError(
    `${place.where('caFile')} names ${path}, which holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).`,
  );
}

function urlOrigin(naming: Place | undefined, target: Target | undefined): SettingOrigin {
  if (naming === undefined) return { key: 'url', source: 'default', where: '' };
  const { url = EMBEDDED } = target ?? {};
  return { key: 'url', value: url, source: naming.source, where: naming.where('url') };
}

function originOf(key: (typeof SHOWN)[number], place: Place | undefined) {
  const value = place?.values[key];
  if (place === undefined || value === undefined) {
    return { key, value: SETTINGS[key].default, source: 'default', where: '' } as const;
  }
  return { key, value, source: place.source, where: place.where(key) };
}

/** Of a way to log in only the place is told, of a file also its path. */
function loginOrigin(login: LoginSetting | undefined): SettingOrigin[] {
  if (login === undefined) return [];
  const { key, value, source, where } = login;
  const isFile = key === 'tokenFile' || key === 'passwordFile';
  return [isFile ? { key, value, source, where } : { key, source, where }];
}
