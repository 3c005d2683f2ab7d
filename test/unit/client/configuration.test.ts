import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigFileError,
  environmentVariable,
  InvalidServerUrlError,
  kernelspecVariable,
  type MagicSettings,
  MisplacedSecretError,
  MissingUserError,
  resolveConfiguration,
  SettingError,
  type SettingKey,
} from '../../../src/client/index.js';
import { projectRoot } from '../../support/server.js';

const SERVER = 'http://chosen:12800';

let directory: string;
let path: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-configuration-'));
  path = join(directory, 'config.json');
  env = { XDG_CONFIG_HOME: directory };
});
afterEach(() => rm(directory, { recursive: true }));

/** Writes the file that the environment names. */
async function configure(content: unknown, mode = 0o600): Promise<void> {
  env.SLIPWAY_CONFIG = path;
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(path, mode);
}

const resolve = (magic?: MagicSettings) => resolveConfiguration({ env, magic });

/** What goes wrong; the message must not show the secrets that the tests use. */
async function failure(magic?: MagicSettings): Promise<Error> {
  const error = await resolve(magic).then(
    () => new Error('Nothing went wrong.'),
    (reason: Error) => reason,
  );
  expect(error.message).not.toMatch(/Secret-\d/);
  return error;
}

/** The places of settings, the first that counts first, and what puts a value there. */
const PLACES = {
  environment: (key: SettingKey, value: string) => {
    env[environmentVariable(key)] = value;
  },
  kernelspec: (key: SettingKey, value: string) => {
    env[kernelspecVariable(key)] = value;
  },
  'config file': (key: SettingKey, value: unknown) =>
    configure({ [key]: key === 'timeout' ? Number(value) : value }),
} as const;
type PlaceName = keyof typeof PLACES;
const NAMES = Object.keys(PLACES) as PlaceName[];

/** Two values of each setting that is not secret. */
const VALUES = {
  url: ['http://first:1', 'http://second:2'],
  user: ['ana', 'ben'],
  timeout: ['7', '8'],
  auth: ['token', 'admin'],
} as const;

describe('the precedence of the places', () => {
  const pairs = NAMES.flatMap((first, index) =>
    NAMES.slice(index + 1).map((second) => [first, second] as const),
  );
  for (const [first, second] of pairs) {
    for (const [key, [stronger, weaker]] of Object.entries(VALUES)) {
      it(`takes ${key} from the ${first} before the ${second}`, async () => {
        await PLACES[first](key as SettingKey, stronger);
        await PLACES[second](key as SettingKey, weaker);
        const { origins } = await resolve();
        const origin = origins.find((each) => each.key === key);
        expect(origin).toMatchObject({ source: first });
        expect(String(origin?.value)).toBe(stronger);
      });
    }
  }

  it.each(NAMES)('takes what %%connect says before the %s', async (place) => {
    for (const key of ['url', 'user', 'auth'] as const) await PLACES[place](key, VALUES[key][1]);
    const { url, user, kind } = await resolve({ url: SERVER, user: 'eve', auth: 'token' });
    expect({ url, user, kind }).toEqual({ url: SERVER, user: 'eve', kind: 'token' });
  });

  it('takes the login from the environment before the configuration file', async () => {
    await configure({ url: SERVER, password: 'Secret-1' });
    expect((await resolve()).login).toMatchObject({ value: 'Secret-1', source: 'config file' });
    env.SLIPWAY_PASSWORD = 'Secret-2';
    expect((await resolve()).login).toMatchObject({ value: 'Secret-2', where: 'SLIPWAY_PASSWORD' });
  });

  it('takes a token before a password of the same place', async () => {
    Object.assign(env, { SLIPWAY_URL: SERVER, SLIPWAY_PASSWORD: 'Secret-1', SLIPWAY_TOKEN: 't' });
    expect(await resolve()).toMatchObject({ login: { key: 'token' }, kind: 'token' });
  });

  it('is: this user’s own server, where no place names another', async () => {
    const { url, user, kind, login, origins } = await resolve();
    expect({ url, user, kind, login }).toEqual({ user: 'admin', kind: 'password' });
    expect(origins.every(({ source }) => source === 'default')).toBe(true);
  });

  it('counts an empty variable as none', async () => {
    Object.assign(env, { SLIPWAY_URL: '', SLIPWAY_DEFAULT_URL: SERVER });
    expect((await resolve()).url).toBe(SERVER);
  });

  it('lets a place choose this user’s own server', async () => {
    Object.assign(env, { SLIPWAY_URL: 'embedded', SLIPWAY_DEFAULT_URL: SERVER });
    expect((await resolve()).url).toBeUndefined();
    env.SLIPWAY_URL = SERVER;
    expect((await resolve({ url: 'embedded' })).url).toBeUndefined();
  });
});

describe('what stands together with the address of a server', () => {
  it('is never used for another', async () => {
    Object.assign(env, {
      SLIPWAY_URL: 'http://other:1',
      SLIPWAY_USER: 'ana',
      SLIPWAY_PASSWORD: 'Secret-1',
      SLIPWAY_TIMEOUT: '7',
    });
    await configure({ url: 'http://third:1', token: 'Secret-2', user: 'ben' });
    const { user, login, timeout } = await resolve({ url: SERVER });
    expect({ user, login, timeout }).toEqual({ user: 'admin' });
  });

  it('is used for the same one, however its address is written', async () => {
    Object.assign(env, { SLIPWAY_URL: 'chosen:12800/', SLIPWAY_PASSWORD: 'Secret-1' });
    const { login } = await resolve({ url: SERVER });
    expect(login).toMatchObject({ value: 'Secret-1', isForThisServer: true });
  });

  it('is not needed: a login without address is for the server that is configured', async () => {
    Object.assign(env, { SLIPWAY_DEFAULT_URL: SERVER, SLIPWAY_PASSWORD: 'Secret-1' });
    expect((await resolve()).login).toMatchObject({ isForThisServer: true });
  });

  it('is not there: an address typed by hand gets such a login as the last resort', async () => {
    env.SLIPWAY_PASSWORD = 'Secret-1';
    expect((await resolve({ url: SERVER })).login).toMatchObject({ isForThisServer: false });
  });

  it('has no password of another user than the one that is wanted', async () => {
    Object.assign(env, {
      SLIPWAY_URL: SERVER,
      SLIPWAY_USER: 'ana',
      SLIPWAY_PASSWORD: 'Secret-1',
    });
    expect((await resolve({ url: SERVER, user: 'ben' })).login).toBeUndefined();
  });
});

describe('servers that have a name', () => {
  beforeEach(() =>
    configure({
      url: 'work',
      user: 'ana',
      servers: {
        work: { url: 'https://work:12800', user: 'anna', credentialCommand: 'keys "of work"' },
        lab: { url: 'lab:12800', passwordFile: 'lab.password', caFile: '~/lab.pem' },
      },
    }),
  );

  it('are chosen by it, in any place', async () => {
    expect(await resolve()).toMatchObject({ url: 'https://work:12800', user: 'anna' });
    env.SLIPWAY_DEFAULT_URL = 'lab';
    await expect(resolve()).rejects.toThrow(join(homedir(), 'lab.pem'));
    expect(await resolve({ url: 'work' })).toMatchObject({ url: 'https://work:12800' });
  });

  it('lend their settings to their address, too', async () => {
    expect((await resolve({ url: 'https://work:12800/' })).login).toEqual({
      key: 'credentialCommand',
      value: ['keys', 'of work'],
      source: 'config file',
      where: `${path}: servers.work.credentialCommand`,
      isForThisServer: true,
    });
  });

  it('have files beside the configuration file', async () => {
    await configure({ servers: { lab: { url: 'lab:1', passwordFile: 'lab.password' } } });
    const { login } = await resolve({ url: 'lab' });
    expect(login).toMatchObject({ value: join(directory, 'lab.password') });
  });
});

describe('a configuration file', () => {
  it('is refused with the command that closes it when it holds a secret for all to read', async () => {
    await configure({ url: SERVER, password: 'Secret-1' }, 0o640);
    const error = await failure();
    expect(error).toBeInstanceOf(ConfigFileError);
    expect(error.message).toBe(
      `${path} holds a password and is open to other users (mode 640). Run: chmod 600 '${path}'`,
    );
  });

  it('may be read by all when it holds none, but not changed', async () => {
    await configure({ url: SERVER }, 0o644);
    expect((await resolve()).url).toBe(SERVER);
    await chmod(path, 0o664);
    expect((await failure()).message).toContain(`chmod 600 '${path}'`);
  });

  it.each([
    [{ pasword: 'Secret-1' }, /knows no "pasword"\. Did you mean "password"\?/],
    [{ servers: { w: { url: SERVER, tocken: 'Secret-1' } } }, /"servers\.w\.tocken".*"token"\?/],
    [{ nothing: 1, password: 'Secret-1' }, /knows no "nothing"\. It may hold url, user, /],
    [{ timeout: '30', password: 'Secret-1' }, /"timeout" must be a number of seconds/],
    [{ auth: 'Secret-1' }, /"auth" must be admin/],
    [{ credentialCommand: 'keys "Secret-1' }, /"credentialCommand" must be a program/],
    [{ servers: { 'a.b': { url: SERVER } } }, /"a\.b" cannot be the name of a server/],
    [{ servers: { embedded: { url: SERVER } } }, /"embedded" cannot be the name of a server/],
    [{ servers: { w: {} } }, /"servers\.w" needs a "url"/],
    [{ servers: [] }, /"servers" must be an object/],
    [{ url: 'http://ana:Secret-1@host' }, /: url: .*carries no user name or password/],
    [[], /must hold one JSON object/],
    ['{\n"password": Secret-1\n}', /is not JSON/],
  ])('%j is refused with file, key and reason', async (content, reason) => {
    await configure(content);
    const error = await failure();
    expect(error.message).toMatch(reason);
    expect(error.message).toContain(path);
  });

  it('must be there when it is named, and be a file', async () => {
    env.SLIPWAY_CONFIG = path;
    expect((await failure()).message).toContain('which is not there');
    env.SLIPWAY_CONFIG = directory;
    expect((await failure()).message).toContain('is no regular file');
  });
});

it('understands the example of the documentation', async () => {
  const page = await readFile(join(projectRoot, 'docs/configuration.md'), 'utf8');
  await configure(/```json\n(.*?)```/s.exec(page)?.[1]);
  expect(await resolve({ url: 'lab' })).toMatchObject({
    url: 'http://lab:12800',
    user: 'ana',
    login: { key: 'passwordFile', value: join(homedir(), '.secrets/lab') },
  });
});

describe('a setting', () => {
  it.each([
    ['SLIPWAY_TIMEOUT', 'soon', SettingError],
    ['SLIPWAY_AUTH', 'kerberos', SettingError],
    ['SLIPWAY_CREDENTIAL_COMMAND', "keys 'Secret-1", SettingError],
    ['SLIPWAY_CA_FILE', '/nowhere/ca.pem', SettingError],
    ['SLIPWAY_URL', 'ftp://ana:Secret-1@host', InvalidServerUrlError],
    ['SLIPWAY_DEFAULT_PASSWORD', 'Secret-1', MisplacedSecretError],
    ['SLIPWAY_DEFAULT_TOKEN', 'Secret-1', MisplacedSecretError],
  ])('%s=%s is refused, and named', async (name, value, Failure) => {
    env[name] = value;
    const error = await failure();
    expect(error).toBeInstanceOf(Failure);
    expect(error.message).toContain(name);
  });

  it('of a directory is by password, and needs the name of the user', async () => {
    const error = await failure({ url: SERVER, auth: 'ldap' });
    expect(error).toBeInstanceOf(MissingUserError);
    expect(error.message).toMatch(/--user NAME/);
    env.SLIPWAY_PASSWORD = 'Secret-1';
    expect(await resolve({ url: SERVER, auth: 'ldap', user: 'ana' })).toMatchObject({
      user: 'ana',
      kind: 'password',
    });
  });

  it('of an issuer comes from any place', async () => {
    Object.assign(env, { SLIPWAY_AUTHORITY: 'https://login.windows.net/contoso.com' });
    env.SLIPWAY_DEFAULT_CLIENT_ID = 'notebooks';
    const { kind, openid } = await resolve({ url: SERVER, auth: 'aad' });
    expect(kind).toBe('openid');
    expect(openid).toMatchObject({
      authority: 'https://login.windows.net/contoso.com',
      clientId: 'notebooks',
      audience: undefined,
    });
    env.SLIPWAY_AUTHORITY = 'login.example.org';
    expect((await failure()).message).toMatch(/SLIPWAY_AUTHORITY must be an https address/);
  });

  it('is told with the place that it comes from, a secret without its value', async () => {
    Object.assign(env, { SLIPWAY_URL: SERVER, SLIPWAY_PASSWORD: 'Secret-1' });
    const { origins } = await resolve();
    expect(JSON.stringify(origins)).not.toContain('Secret-1');
    expect(origins).toContainEqual({
      key: 'password',
      source: 'environment',
      where: 'SLIPWAY_PASSWORD',
    });
  });
});
