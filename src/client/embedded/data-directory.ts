import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the embedded server keeps everything: `$SLIPWAY_HOME`, or the user's data folder. */
export function dataDirectory(env: NodeJS.ProcessEnv): string {
  if (env.SLIPWAY_HOME) return resolve(env.SLIPWAY_HOME);
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'slipway');
}
