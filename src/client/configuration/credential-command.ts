import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import type { Credentials } from '../tokens.js';
import { CredentialCommandError } from './errors.js';

/** For what a login is wanted. */
export interface CredentialRequest {
  readonly url: string;
  readonly user: string;
}

/** Milliseconds that a command may take; some ask the user to unlock a keyring. */
const TIME_LIMIT = 60_000;
/** Bytes that it may write. */
const LARGEST = 64 * 1024;
/** Characters of its error output that a message shows. */
const SHOWN = 500;

/**
 * Runs the command that knows the login, without a shell. It is told on its standard input, as
 * git's helpers are, for what a login is wanted (`protocol=`, `host=`, `username=`), and answers
 * in the same way with `password=` or `token=`, or as a JSON object with these members.
 * @param where the setting that names the command
 * @throws {CredentialCommandError} which shows what it wrote to stderr, and never its stdout.
 */
export async function runCredentialCommand(
  command: readonly string[],
  where: string,
  request: CredentialRequest,
  timeLimit = TIME_LIMIT,
): Promise<Credentials> {
  const [program = '', ...args] = command;
  const fail = (what: string, cause?: unknown) =>
    new CredentialCommandError(`The command ${basename(program)} (${where}) ${what}`, { cause });
  const output = await new Promise<string>((resolve, reject) => {
    const options = { timeout: timeLimit, killSignal: 'SIGKILL', maxBuffer: LARGEST } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(fail(`${describe(error, timeLimit)}${excerpt(stderr)}`));
    });
    // A command that does not read what it is told has ended, or will tell by itself.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(description(request));
  });
  const { username, password, token, expiresOn } = readAnswer(output);
  if (token !== undefined) {
    const expiresAt = expiresOn === undefined ? undefined : readTime(expiresOn);
    if (Number.isNaN(expiresAt)) {
      throw fail('answered with an expiresOn that is no time. Write it as 2030-01-31T12:00:00Z.');
    }
    return { kind: 'token', token, ...(expiresAt === undefined ? {} : { expiresAt }) };
  }
  if (password === undefined) {
    throw fail(
      'did not answer with a login. It has to print password=… or token=…, or {"password": "…"}.',
    );
  }
  return { kind: 'password', username: username ?? request.user, password };
}

/** https://git-scm.com/docs/git-credential#IOFMT */
function description({ url, user }: CredentialRequest): string {
  const { protocol, host, pathname } = new URL(url);
  const lines = [`protocol=${protocol.replace(':', '')}`, `host=${host}`];
  if (pathname !== '/') lines.push(`path=${pathname.slice(1)}`);
  return `${[...lines, `username=${user}`].join('\n')}\n\n`;
}

type Answer = { readonly [key in 'username' | 'password' | 'token' | 'expiresOn']?: string };

function readAnswer(output: string): Answer {
  const members = output.trimStart().startsWith('{') ? readJson(output) : readLines(output);
  return Object.fromEntries(members.filter(([, value]) => value !== ''));
}

function readJson(output: string): [string, string][] {
  try {
    const object: unknown = JSON.parse(output);
    return Object.entries(Object(object)).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[key, String(value)]] : [],
    );
  } catch (error) {
    // An answer that cannot be read is one without a login; the text must not be shown.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function readLines(output: string): [string, string][] {
  return output.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
}

/** Milliseconds since the epoch; the text is an ISO time or seconds since the epoch. */
function readTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function describe(error: Error, timeLimit: number): string {
  const { code, killed, signal } = error as Error & {
    code?: string | number | null;
    killed?: boolean;
    signal?: string | null;
  };
  if (code === 'ENOENT') return 'is not there. Give its whole path.';
  if (code === 'EACCES') return 'may not be run. Run: chmod u+x on it.';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'wrote more than a login is long.';
  if (killed) return `did not answer within ${timeLimit / 1000} s.`;
  return signal ? `was killed by ${signal}.` : `failed with exit code ${code}.`;
}

function excerpt(stderr: string): string {
  const text = stderr.trim();
  return text === '' ? '' : ` It said: ${text.slice(-SHOWN)}`;
}
