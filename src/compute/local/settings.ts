import type { IsolationSettings } from './isolation/index.js';

/** What the local backend needs to know of the machine. */
export interface LocalSettings {
  /** Absolute path of the Python interpreter. */
  readonly python: string;
  /** Folder with `slipway_session` and `slipway_worker`. */
  readonly pythonPath: string;
  /** The server's data directory; working directories go below it. */
  readonly dataDirectory: string;
  /** Whether the server is one user's own, so that there are no others to protect. */
  readonly embedded: boolean;
  readonly isolation: IsolationSettings;
}
