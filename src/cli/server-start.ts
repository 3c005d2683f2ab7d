import { connectEmbedded } from '../client/index.js';
import { CommandError } from './errors.js';
import { findServer } from './running-server.js';
import { dataDirectory } from './settings.js';

/**
 * Finds this user's own server, or starts it in the background and waits until it takes requests.
 * Its URL goes to standard output, for programs; the rest is for people.
 */
export async function startServer(options: { data?: string }): Promise<void> {
  const { data } = options;
  const env = data === undefined ? process.env : { ...process.env, SLIPWAY_HOME: data };
  const directory = dataDirectory(data);
  const before = await pidOf(directory);
  const client = await connectEmbedded(env);
  try {
    const server = await findServer(directory);
    process.stdout.write(`${client.url}\n`);
    if (server === undefined) return;
    const what = server.pid === before ? 'It runs already' : 'It was started';
    process.stderr.write(
      `${what} (process ${server.pid}). Its log: ${server.log ?? 'standard output'}\n`,
    );
  } finally {
    await client.close();
  }
}

/** The process of the server that runs now, if one does and says so. */
async function pidOf(directory: string): Promise<number | undefined> {
  try {
    return (await findServer(directory))?.pid;
  } catch (error) {
    // One that starts or stops at this moment: connecting waits for what comes of it.
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
