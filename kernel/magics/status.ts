import type { JsonValue, StatusResponse } from '../../src/api/index.js';
import type { MagicContext } from '../magic-context.js';
import { code, type Inline, shorten } from '../output/index.js';
import type { MagicDefinition } from './definition.js';
import { show } from './show.js';

/** `%status`: health of the server. */
export const status: MagicDefinition = {
  name: 'status',
  summary: 'Shows the health of the server and what this notebook uses of it.',
  forms: [{ takes: [], summary: 'Shows the status.', run: (_call, context) => run(context) }],
  examples: ['%status'],
};

async function run(context: MagicContext): Promise<void> {
  const client = await context.client();
  const health = await client.status();
  const current = context.session.current();
  const session = current === undefined ? 'none yet' : `${current.name} (${current.id})`;
  show(context, {
    title: 'Status',
    blocks: [
      {
        kind: 'fields',
        rows: [
          ['Server', { text: client.url, href: client.url }],
          ['User', current?.user ?? client.username ?? ''],
          ['Session', session],
          ['Health', verdict(health)],
        ],
      },
      {
        kind: 'table',
        columns: [{ title: 'Component' }, { title: 'Health' }, { title: 'Details' }],
        rows: componentRows(health, ''),
        empty: 'The server tells of no components.',
      },
    ],
    data: {
      url: client.url,
      session: current === undefined ? null : { ...current },
      health: health as unknown as JsonValue,
    },
  });
}

function verdict({ statusCode }: StatusResponse): Inline {
  return { text: statusCode, tone: statusCode === 'pass' ? 'good' : 'warning' };
}

/** One row per component; nested ones carry the path to them. */
function componentRows(health: StatusResponse, path: string): Inline[][] {
  return Object.entries(health.components ?? {}).flatMap(([name, component]) => {
    const title = path === '' ? name : `${path} › ${name}`;
    const details = Object.entries(component.details).map(
      ([key, value]) => `${key}: ${String(value)}`,
    );
    const row = [code(title), verdict(component), shorten(details.join(', '), 300)];
    return [row, ...componentRows(component, title)];
  });
}
