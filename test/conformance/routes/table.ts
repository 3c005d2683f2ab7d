import { ACCOUNT_ROUTES } from './accounts.js';
import { BATCH_ROUTES } from './batches.js';
import { CONSUME_ROUTES } from './consume.js';
import { REALTIME_ROUTES } from './realtime.js';
import type { Route } from './route.js';
import { SERVICE_ROUTES } from './services.js';
import { SESSION_ROUTES } from './sessions.js';
import { ROUTES_SINCE_9_3 } from './since-9.3.js';
import { SNAPSHOT_ROUTES } from './snapshots.js';

/** Every route of R Server with a request for each status that answers it. */
export const TABLE: readonly Route[] = [
  ...ACCOUNT_ROUTES,
  ...SERVICE_ROUTES,
  ...REALTIME_ROUTES,
  ...ROUTES_SINCE_9_3,
  ...CONSUME_ROUTES,
  ...BATCH_ROUTES,
  ...SESSION_ROUTES,
  ...SNAPSHOT_ROUTES,
];

/** The table as it stands in docs/api.md. */
export function toMarkdown(table: readonly Route[]): string {
  const rows = table.map(({ method, path, exercises, never }) => {
    const when = new Map<number, string[]>();
    for (const { status, when: words } of exercises) {
      when.set(status, [...(when.get(status) ?? []), words]);
    }
    const statuses = [...when].sort(([one], [other]) => one - other);
    const said = statuses.map(([status, words]) => `**${status}** ${words.join('; ')}`);
    const unused = Object.entries(never).map(([status, reason]) => `${status} never: ${reason}`);
    return `| \`${method} ${path}\` | ${[...said, ...unused].join('<br>')} |\n`;
  });
  return `| route | statuses |\n|---|---|\n${rows.join('')}`;
}
