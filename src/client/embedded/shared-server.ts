import { join } from 'node:path';
import { isObject } from '../configuration/index.js';
import { OwnFileError, readOwnFile } from '../own-file.js';
import { isAlive } from './runtime-file.js';

/** What a server says of itself, whoever started it. */
const ANNOUNCEMENT = 'server.json';

/**
 * Address of the server that has a data directory and is not its user's own: "slipway server run"
 * started it, and nobody can log in to it by a file. Undefined when none says so.
 * @throws {SyntaxError} for a file that is none of a server's, which replaces it as a whole
 */
export async function findSharedServer(directory: string): Promise<string | undefined> {
  const text = await readAnnouncement(join(directory, ANNOUNCEMENT));
  if (text === undefined) return undefined;
  const content: unknown = JSON.parse(text);
  const { url, pid, embedded } = isObject(content) ? content : {};
  if (embedded !== false || typeof url !== 'string' || typeof pid !== 'number') return undefined;
  return isAlive(pid) ? url : undefined;
}

async function readAnnouncement(path: string): Promise<string | undefined> {
  try {
    return (await readOwnFile(path))?.text;
  } catch (error) {
    // Of another user's server nothing is known; waiting for its end says what is wrong.
    if (error instanceof OwnFileError) return undefined;
    throw error;
  }
}
