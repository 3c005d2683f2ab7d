import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/cli/configuration/config-file.js';
import { resolveSettings, type SettingOptions } from '../../../src/cli/configuration/index.js';
import { KERNEL_VARIABLES } from '../../../src/client/index.js';
import { CONFIG_DEFAULTS } from '../../../src/server/index.js';
import {
  type AnyTable,
  SETTINGS,
  Setting,
  settingsOf,
  variableOf,
} from '../../../src/server/settings/index.js';
import { path, text } from '../../../src/server/settings/kinds.js';

let directory: string;
let file: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-server-configuration-'));
  file = join(directory, 'server-config.json');
  env = { SLIPWAY_HOME: directory };
});
afterEach(() => rm(directory, { recursive: true }));

async function configure(content: unknown, mode = 0o600): Promise<void> {
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(file, mode);
}

const resolve = (options: SettingOptions = {}) => resolveSettings(options, env);

describe('the settings of a server', () => {
  it('come from an option, then the environment, then the configuration file, then the defaults', async () => {
    expect((await resolve()).config.port).toBe(12_800);
    await configure({ port: 3 });
    expect((await resolve()).config.port).toBe(3);
    env.SLIPWAY_PORT = '2';
    expect((await resolve()).config.port).toBe(2);
    expect((await resolve({ set: ['port=4'] })).config.port).toBe(4);
    expect((await resolve({ port: '1', set: ['port=4'] })).config.port).toBe(1);
    env.SLIPWAY_PORT = '';
    expect((await resolve()).config.port).toBe(3);
  });

  it('say where each comes from', async () => {
    await configure({ logging: { level: 'debug' } });
    env.SLIPWAY_MAX_SESSIONS = '7';
    const { origins, file: used } = await resolve({ host: '::1' });
    expect(used).toBe(file);
    const origin = (name: string) => origins.find((each) => each.name === name);
    expect(origin('host')).toMatchObject({ value: '::1', source: 'option', where: '--host' });
    expect(origin('maxSessions')).toMatchObject({ value: 7, where: 'SLIPWAY_MAX_SESSIONS' });
    expect(origin('logging.level')).toMatchObject({
      value: 'debug',
      source: 'config file',
      where: `${file}: logging.level`,
    });
    expect(origin('port')).toMatchObject({ value: 12_800, source: 'default' });
  });

  it('are the defaults, whole, when nothing is said', async () => {
    const { config } = await resolve();
    expect(config).toEqual({ ...CONFIG_DEFAULTS, dataDirectory: directory, python: undefined });
  });

  it('are read from the file that is named, and it must be there', async () => {
    await configure({ port: 3 });
    await rm(join(directory, 'elsewhere'), { force: true });
    const other = join(directory, 'other.json');
    await writeFile(other, '{"port": 5}', { mode: 0o600 });
    expect((await resolve({ config: other })).config.port).toBe(5);
    env.SLIPWAY_SERVER_CONFIG = other;
    expect((await resolve()).config.port).toBe(5);
    await rm(other);
    await expect(resolve()).rejects.toThrow(/SLIPWAY_SERVER_CONFIG names .*not there/);
    await expect(resolve({ config: other })).rejects.toThrow(/--config names .*not there/);
  });

  it.each([
    [{ prot: 1 }, /knows no "prot"\. Did you mean "port"\?/],
    [{ logging: { levle: 'info' } }, /knows no "logging\.levle"\. Did you mean "level"\?/],
    [{ zzzzzz: 1 }, /knows no "zzzzzz"\. It may hold host, port/],
    [{ constructor: 1 }, /knows no "constructor"/],
    [{ port: '12800' }, /"port" must be a port from 0 to 65535/],
    [{ port: 65_536 }, /"port" must be/],
    [{ port: null }, /"port" must be/],
    [{ logging: 'info' }, /"logging" must be an object with level/],
    [{ logging: { level: 'loud' } }, /must be one of trace, debug, info, warn, error/],
    [{ api: '9.2' }, /"api" must be one of/],
    [{ dataDirectory: '/x' }, /cannot stand in this file\. Use --data or SLIPWAY_HOME/],
    [{ embedded: true }, /cannot stand in this file\. Use --embedded/],
    ['{"port": 1', /is not JSON/],
    ['[]', /must hold one JSON object/],
  ])('refuse %j in the file', async (content, sentence) => {
    await configure(content);
    await expect(resolve()).rejects.toThrow(sentence);
    await expect(resolve()).rejects.toThrow(file);
  });

  it.each(['x', '-1', '65536', '1.5', '0x10'])('refuse %s as a port', async (port) => {
    await expect(resolve({ port })).rejects.toThrow(/--port says .*must be a port/);
    env.SLIPWAY_PORT = port;
    await expect(resolve()).rejects.toThrow(/SLIPWAY_PORT says .*must be a port/);
  });

  it.each([
    ['prot=1', /--set knows no "prot"\. Did you mean "port"/],
    ['port', /must be of the form NAME=VALUE/],
    ['dataDirectory=/x', /cannot be given with --set: it has an option/],
  ])('refuse --set %s', async (pair, sentence) => {
    await expect(resolve({ set: [pair] })).rejects.toThrow(sentence);
  });

  it('refuse a file that others may change', async () => {
    await configure({ port: 1 }, 0o622);
    await expect(resolve()).rejects.toThrow(/may be changed by other users.*chmod 600/);
    await configure({ port: 1 }, 0o644);
    expect((await resolve()).config.port).toBe(1);
  });

  it('have parts that are not there unless one of their settings is said', async () => {
    expect((await resolve()).config.metrics).toBeUndefined();
    env.SLIPWAY_METRICS_PORT = '9100';
    const metrics = { host: '127.0.0.1', port: 9100, token: undefined };
    expect((await resolve()).config.metrics).toEqual(metrics);
    env.SLIPWAY_METRICS_TOKEN = 'Secret-1';
    const { config, origins } = await resolve();
    expect(config.metrics?.token).toBe('Secret-1');
    expect(JSON.stringify(origins)).not.toContain('Secret-1');
    expect(env.SLIPWAY_METRICS_TOKEN).toBeUndefined();
  });

  it.each([{ https: {} }, { https: { keyFile: 'x' } }])(
    'say what is missing in a part that is named: %j',
    async (content) => {
      await configure(content);
      await expect(resolve()).rejects.toThrow('"https.certificateFile" is missing');
    },
  );

  it('take no secret from an option, and one from a file that a variable names', async () => {
    const set = ['metrics.token=Secret-2'];
    await expect(resolve({ set })).rejects.toThrow(/cannot be given with --set: everybody/);
    const secret = join(directory, 'secret');
    await writeFile(secret, 'Secret-3\n', { mode: 0o600 });
    env.SLIPWAY_METRICS_PORT = '9100';
    env.SLIPWAY_METRICS_TOKEN_FILE = secret;
    expect((await resolve()).config.metrics?.token).toBe('Secret-3');
    await writeFile(secret, 'Secret with blanks\n');
    await expect(resolve()).rejects.toThrow(/TOKEN_FILE says something .*without blanks/);
  });

  it('have a variable each, none of them one of the kernel', () => {
    const variables = settingsOf(SETTINGS, CONFIG_DEFAULTS)
      .map(variableOf)
      .filter((name) => name !== null);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables.filter((name) => KERNEL_VARIABLES.includes(name))).toEqual([]);
  });
});

describe('a secret in the configuration file', () => {
  const table: AnyTable = {
    directory: { password: new Setting(text(), 'the password', { isSecret: true }) },
    certificate: new Setting(path(), 'a file'),
  };
  const read = async (content: unknown, mode?: number) => {
    await configure(content, mode);
    return (await readConfigFile(file, table, env)).given;
  };

  it('may be its text in a file of mode 0600 alone', async () => {
    const given = await read({ directory: { password: 'Secret-1' } });
    expect(given.get('directory.password')?.value).toBe('Secret-1');
    const open = read({ directory: { password: 'Secret-1' } }, 0o640);
    await expect(open).rejects.toThrow(/holds a secret \("directory\.password"\).*chmod 600/);
    await expect(open).rejects.not.toThrow(/Secret-1/);
  });

  it('may be in another file, closed to others', async () => {
    await writeFile(join(directory, 'secret'), 'Secret-2\n', { mode: 0o600 });
    const content = { directory: { password: { file: 'secret' } } };
    expect((await read(content, 0o644)).get('directory.password')?.value).toBe('Secret-2');
    await chmod(join(directory, 'secret'), 0o644);
    await expect(read(content)).rejects.toThrow(/open to other users/);
  });

  it('may be in a variable, which is then taken away', async () => {
    env.DIRECTORY_PASSWORD = 'Secret-3';
    const content = { directory: { password: { environment: 'DIRECTORY_PASSWORD' } } };
    expect((await read(content)).get('directory.password')?.value).toBe('Secret-3');
    expect(env.DIRECTORY_PASSWORD).toBeUndefined();
    await expect(read(content)).rejects.toThrow(/DIRECTORY_PASSWORD, which is not set/);
  });

  it('does not appear in what is said of a value that is wrong', async () => {
    await expect(read({ directory: { password: ['Secret-4'] } })).rejects.toThrow(
      /must be a text that is not empty, \{"file": "…"\} or/,
    );
    await expect(read({ directory: { password: ['Secret-4'] } })).rejects.not.toThrow(/Secret-4/);
  });

  it('stands beside paths that are meant from the folder of the file', async () => {
    const given = await read({ certificate: 'server.pem' });
    expect(given.get('certificate')?.value).toBe(join(directory, 'server.pem'));
  });
});
