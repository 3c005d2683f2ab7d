import { connectEmbedded } from '../client/index.js';

/** Finds this user's own server, or starts it in the background, and prints its URL. */
export async function startServer(options: { data?: string }): Promise<void> {
  const { data } = options;
  const env = data === undefined ? process.env : { ...process.env, SLIPWAY_HOME: data };
  const client = await connectEmbedded(env);
  try {
    process.stdout.write(`${client.url}\n`);
  } finally {
    await client.close();
  }
}
