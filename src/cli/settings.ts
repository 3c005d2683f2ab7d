import { dataDirectory as userDataDirectory } from '../client/index.js';

/** The data directory: `--data`, else SLIPWAY_HOME, else `slipway` in the user's data folder. */
export function dataDirectory(option: string | undefined, env = process.env): string {
  return userDataDirectory(option ? { SLIPWAY_HOME: option } : env);
}
