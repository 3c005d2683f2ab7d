import { type OwnFile, OwnFileError, type OwnFileProblem, readOwnFile } from '../own-file.js';
import { ConfigFileError } from './errors.js';

/** A configuration file as it was read: one JSON object. */
export interface JsonFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Permission bits. */
  readonly mode: number;
}

const DISTRUST: Readonly<Record<OwnFileProblem, string>> = {
  unreadable: 'cannot be read. Check who may read it.',
  'no regular file': 'is no regular file of at most 1 MiB.',
  'of another user':
    'belongs to another user, who could send your password elsewhere. Put your own in its place.',
};

/**
 * Reads a configuration file of this user or the administrator; undefined where there is none.
 * @throws {ConfigFileError}
 */
export async function readJsonFile(path: string): Promise<JsonFile | undefined> {
  let file: OwnFile | undefined;
  try {
    file = await readOwnFile(path, 'root');
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw new ConfigFileError(`${path} ${DISTRUST[error.problem]}`, { cause: error });
  }
  return file && { path, content: parseObject(path, file.text), mode: file.mode };
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may be a password.
    const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
    const line = text.slice(0, Number(position ?? 0)).split('\n').length;
    const where = position === undefined ? '' : `, at line ${line}`;
    throw new ConfigFileError(`${path} is not JSON${where}.`);
  }
  if (isObject(content)) return content;
  throw new ConfigFileError(`${path} must hold one JSON object, such as {"url": "https://…"}.`);
}

/**
 * Refuses a file that others may change, for whoever writes it decides what this user's programs
 * do, and one that shows a secret to others.
 * @param secret what it holds that is for this user's eyes: `password`
 * @throws {ConfigFileError}
 */
export function checkAccess({ path, mode }: JsonFile, secret: string | undefined): void {
  if (process.getuid === undefined) return;
  const octal = mode.toString(8).padStart(3, '0');
  if (secret !== undefined && (mode & 0o077) !== 0) {
    throw new ConfigFileError(
      `${path} holds a ${secret} and is open to other users (mode ${octal}). Run: chmod 600 '${path}'`,
    );
  }
  if ((mode & 0o022) !== 0) {
    throw new ConfigFileError(
      `${path} may be changed by other users (mode ${octal}). Run: chmod 600 '${path}'`,
    );
  }
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
