/** What was found about one thing that a notebook needs. */
export interface Check {
  readonly name: string;
  /** `skipped` where something that it needs has failed, or where it does not matter. */
  readonly status: 'ok' | 'failed' | 'skipped';
  /** What was found: a version, a path, the message of a failure. */
  readonly detail: string;
  /** What to do about a failure. */
  readonly fix?: string;
}

export const passed = (name: string, detail: string): Check => ({ name, status: 'ok', detail });

export const failed = (name: string, detail: string, fix: string): Check => ({
  name,
  status: 'failed',
  detail,
  fix,
});

export const skipped = (name: string, detail: string): Check => ({
  name,
  status: 'skipped',
  detail,
});
