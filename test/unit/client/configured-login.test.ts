import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCredentialCommand } from '../../../src/client/configuration/credential-command.js';
import {
  type AskLogin,
  ConfiguredLogin,
  LoginFailedError,
  MissingCredentialsError,
  resolveConfiguration,
} from '../../../src/client/index.js';
import type { Credentials } from '../../../src/client/tokens.js';

const URL_OF_SERVER = 'http://chosen:12800';
const REQUEST = { url: 'https://chosen:12800/base', user: 'ana' };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-login-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function secretFile(text: string, mode = 0o600): Promise<string> {
  const path = join(directory, 'secret');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

/** The login that an environment configures. */
async function login(variables: NodeJS.ProcessEnv, ask?: AskLogin): Promise<ConfiguredLogin> {
  const env = { SLIPWAY_URL: URL_OF_SERVER, XDG_CONFIG_HOME: directory, ...variables };
  const configuration = await resolveConfiguration({ env });
  return new ConfiguredLogin({ ...configuration, url: configuration.url ?? '' }, ask);
}

const refused = (credentials: Credentials, attempt = 1) => ({
  credentials,
  error: new LoginFailedError('The server says no.'),
  attempt,
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => new Error('Nothing went wrong.'),
    (error: Error) => error,
  );

const password = (secret: string, username = 'admin'): Credentials => ({
  kind: 'password',
  username,
  password: secret,
});

describe('a file with the secret', () => {
  it('is read without the line break at its end', async () => {
    const path = await secretFile(' with blanks \n');
    const { SLIPWAY_PASSWORD_FILE, SLIPWAY_TOKEN_FILE } = {
      SLIPWAY_PASSWORD_FILE: path,
      SLIPWAY_TOKEN_FILE: path,
    };
    expect(await (await login({ SLIPWAY_PASSWORD_FILE })).get()).toEqual(password(' with blanks '));
    expect(await (await login({ SLIPWAY_TOKEN_FILE })).get()).toEqual({
      kind: 'token',
      token: ' with blanks ',
    });
  });

  it.each([0o640, 0o604, 0o644, 0o666])('of mode %o is refused with chmod', async (mode) => {
    const path = await secretFile('Secret-1', mode);
    const error = await failure((await login({ SLIPWAY_PASSWORD_FILE: path })).get());
    expect(error.message).toContain(`Run: chmod 600 '${path}'`);
    expect(error.message).toContain('SLIPWAY_PASSWORD_FILE');
    expect(error.message).not.toContain('Secret-1');
  });

  it('may be reached through a link, as containers mount it, and be readable alone', async () => {
    const path = await secretFile('Secret-1', 0o400);
    await symlink(path, join(directory, 'link'));
    const linked = await login({ SLIPWAY_PASSWORD_FILE: join(directory, 'link') });
    expect(await linked.get()).toEqual(password('Secret-1'));
  });

  it.each([
    ['', /must hold one line/],
    ['one\ntwo', /must hold one line/],
  ])('that holds %j is refused', async (text, reason) => {
    const SLIPWAY_PASSWORD_FILE = await secretFile(text);
    expect((await failure((await login({ SLIPWAY_PASSWORD_FILE })).get())).message).toMatch(reason);
  });

  it('that is missing or no file is refused', async () => {
    const missing = await login({ SLIPWAY_PASSWORD_FILE: join(directory, 'none') });
    expect((await failure(missing.get())).message).toContain('which is not there');
    const folder = await login({ SLIPWAY_PASSWORD_FILE: directory });
    expect((await failure(folder.get())).message).toContain('no regular file');
  });

  it('is read again when the login was refused, since it may have been replaced', async () => {
    const SLIPWAY_PASSWORD_FILE = await secretFile('Secret-1');
    const source = await login({ SLIPWAY_PASSWORD_FILE });
    const first = await source.get();
    const error = await failure(source.get(refused(first)));
    expect(error).toBeInstanceOf(LoginFailedError);
    expect(error.message).toContain('Correct SLIPWAY_PASSWORD_FILE');
    await secretFile('Secret-2');
    expect(await source.get(refused(first))).toEqual(password('Secret-2'));
  });
});

describe('a command that knows the login', () => {
  /** A command that is a line of JavaScript. */
  const script = (source: string) => [process.execPath, '-e', source];
  const run = (source: string, limit?: number) =>
    runCredentialCommand(script(source), 'SLIPWAY_CREDENTIAL_COMMAND', REQUEST, limit);

  it.each([
    ['console.log("password=a=b c")', password('a=b c', 'ana')],
    ['console.log("protocol=https\\nusername=ben\\npassword=p\\n")', password('p', 'ben')],
    ['console.log(JSON.stringify({ username: "ben", password: "p" }))', password('p', 'ben')],
    ['console.log("token=t")', { kind: 'token', token: 't' }],
    [
      'console.log(JSON.stringify({ token: "t", expiresOn: "2030-01-01T00:00:00Z" }))',
      { kind: 'token', token: 't', expiresAt: Date.UTC(2030, 0, 1) },
    ],
  ])('may answer as %s', async (source, expected) => {
    expect(await run(source)).toEqual(expected);
  });

  it('is told for what a login is wanted, as git tells its helpers', async () => {
    const echo =
      'require("fs").writeFileSync(process.argv[1], require("fs").readFileSync(0)); console.log("password=p")';
    const path = join(directory, 'told');
    await runCredentialCommand([...script(echo), path], 'here', REQUEST);
    const { readFile } = await import('node:fs/promises');
    expect(await readFile(path, 'utf8')).toBe(
      'protocol=https\nhost=chosen:12800\npath=base\nusername=ana\n\n',
    );
  });

  it('is run without a shell', async () => {
    const command = [...script('console.log("password=" + process.argv[1])'), '$(id); `id` | x'];
    expect(await runCredentialCommand(command, 'here', REQUEST)).toEqual(
      password('$(id); `id` | x', 'ana'),
    );
  });

  it.each([
    [
      'console.log("password=Secret-1"); console.error("locked"); process.exit(3)',
      /exit code 3\. It said: locked/,
    ],
    ['console.log("Secret-1")', /did not answer with a login/],
    ['console.log("{ Secret-1")', /did not answer with a login/],
    ['console.log("token=Secret-1\\nexpiresOn=never")', /expiresOn that is no time/],
    ['console.log("Secret-1".repeat(1e5))', /more than a login is long/],
    ['process.kill(process.pid, "SIGTERM")', /killed by SIGTERM/],
  ])('fails for %s, without showing what it printed', async (source, reason) => {
    const error = await failure(run(source));
    expect(error).toMatchObject({ code: 'CREDENTIAL_COMMAND' });
    expect(error.message).toMatch(reason);
    expect(error.message).toContain('(SLIPWAY_CREDENTIAL_COMMAND)');
    expect(error.message).not.toContain('Secret-1');
  });

  it('is ended when it takes too long', async () => {
    const error = await failure(run('setInterval(() => {}, 1000)', 300));
    expect(error.message).toContain('did not answer within 0.3 s');
  });

  it('that is not there is said to be', async () => {
    const nowhere = runCredentialCommand(['/nowhere/keys'], 'here', REQUEST);
    expect((await failure(nowhere)).message).toBe(
      'The command keys (here) is not there. Give its whole path.',
    );
  });

  it('is run again when the login was refused, but not for ever', async () => {
    const counter = join(directory, 'count');
    const source = `const fs = require("fs"); fs.appendFileSync(${JSON.stringify(counter)}, "x");
      console.log("token=" + fs.readFileSync(${JSON.stringify(counter)}).length)`;
    const command = JSON.stringify(script(source));
    const path = join(directory, 'config.json');
    await writeFile(path, `{"credentialCommand": ${command}}`, { mode: 0o600 });
    const renewing = await login({ SLIPWAY_CONFIG: path });
    const first = await renewing.get();
    expect(first).toEqual({ kind: 'token', token: '1' });
    const second = await renewing.get(refused(first));
    expect(second).toEqual({ kind: 'token', token: '2' });
    const error = await failure(renewing.get(refused(second, 2)));
    expect(error).toBeInstanceOf(LoginFailedError);
  });
});

describe('the user', () => {
  /** Answers one after the other, and what was asked. */
  function answers(...given: (string | undefined)[]) {
    const prompts: string[] = [];
    const ask: AskLogin = async (question) => {
      const prompt = question.kind === 'secret' ? question.prompt : '';
      prompts.push(prompt);
      return given.shift();
    };
    return { ask, prompts };
  }

  it('is asked where nothing is configured, and the answer serves later logins', async () => {
    const { ask, prompts } = answers('Secret-1');
    const source = await login({ SLIPWAY_USER: 'ana' }, ask);
    expect(await source.get()).toEqual(password('Secret-1', 'ana'));
    expect(await source.get()).toEqual(password('Secret-1', 'ana'));
    expect(prompts).toEqual([`Password of ana at ${URL_OF_SERVER}: `]);
  });

  it('is asked for a token where that is the way to log in', async () => {
    const { ask, prompts } = answers('t');
    const source = await login({ SLIPWAY_AUTH: 'token' }, ask);
    expect(await source.get()).toEqual({ kind: 'token', token: 't' });
    expect(prompts).toEqual([`Access token for ${URL_OF_SERVER}: `]);
  });

  it('is asked, with the reason, when the configured login is refused', async () => {
    const { ask, prompts } = answers('Secret-2');
    const source = await login({ SLIPWAY_PASSWORD: 'Secret-1' }, ask);
    const first = await source.get();
    expect(await source.get(refused(first))).toEqual(password('Secret-2'));
    expect(prompts).toEqual([`The server says no. Password of admin at ${URL_OF_SERVER}: `]);
  });

  it('is asked for a token when one is refused that a command has given', async () => {
    const { ask, prompts } = answers('t2');
    const source = await login({ SLIPWAY_CREDENTIAL_COMMAND: 'echo token=t1' }, ask);
    expect(source.username).toBe('admin');
    const first = await source.get();
    expect(source.username).toBeUndefined();
    expect(await source.get(refused(first))).toEqual({ kind: 'token', token: 't2' });
    expect(prompts).toEqual([`The server says no. Access token for ${URL_OF_SERVER}: `]);
  });

  it('is asked each time that a token has ended, however often that is', async () => {
    const { ask, prompts } = answers('t1', 't2', 't3', 't4', 't5');
    const source = await login({ SLIPWAY_AUTH: 'token' }, ask);
    let last = await source.get();
    for (let renewal = 0; renewal < 4; renewal += 1) last = await source.get(refused(last));
    expect(last).toEqual({ kind: 'token', token: 't5' });
    expect(prompts).toHaveLength(5);
  });

  it('is asked three times in a row at most', async () => {
    const { ask, prompts } = answers('a', 'b', 'c', 'd');
    const source = await login({}, ask);
    let last = await source.get();
    last = await source.get(refused(last));
    last = await source.get(refused(last, 2));
    const error = await failure(source.get(refused(last, 3)));
    expect(error).toBeInstanceOf(LoginFailedError);
    expect(error.message).toBe(
      `The server says no. Run %connect ${URL_OF_SERVER} --user admin to log in again.`,
    );
    expect(prompts).toHaveLength(3);
  });

  it('that gives up is not replaced by a login for who knows which server', async () => {
    const { ask } = answers('', undefined);
    const magic = { url: URL_OF_SERVER };
    const env = { XDG_CONFIG_HOME: directory, SLIPWAY_PASSWORD: 'Secret-1' };
    const configuration = await resolveConfiguration({ env, magic });
    const source = new ConfiguredLogin({ ...configuration, url: URL_OF_SERVER }, ask);
    expect(await failure(source.get())).toBeInstanceOf(MissingCredentialsError);
    expect(await source.get()).toEqual(password('Secret-1'));
  });

  it('may give up, or be nobody', async () => {
    const { ask } = answers('');
    const error = await failure((await login({}, ask)).get());
    expect(error).toBeInstanceOf(MissingCredentialsError);
    expect(await failure((await login({})).get())).toBeInstanceOf(MissingCredentialsError);
  });
});
