import type { BatchResults } from '../../src/client/index.js';
import { type Block, count, shorten } from '../output/index.js';

/** Reasons that are told; further ones are counted. */
const REASONS_SHOWN = 10;
/** Rows that are named with a reason that several have. */
const ROWS_NAMED = 5;
const REASON_LENGTH = 200;

/** A row of a batch that has failed. */
export interface Failure {
  readonly row: number;
  readonly message: string;
}

/** Rows that have failed for the same reason; there is at least one. */
interface Reason {
  readonly message: string;
  readonly rows: readonly number[];
}

export function failuresOf({ results }: BatchResults): Failure[] {
  return results.flatMap(({ success, errorMessage }, row) =>
    success ? [] : [{ row, message: errorMessage.trim() || 'it gave no reason' }],
  );
}

/** What is printed of failures: a line for each reason, with the rows that have it. */
export function failureText(failed: readonly Failure[], total: number): string {
  const { shown, others } = reasonsOf(failed);
  const lines = shown.map(
    ({ rows, message }) => `  ${rows.length === 1 ? 'row' : 'rows'} ${named(rows)}: ${message}`,
  );
  if (others > 0) lines.push(`  and ${count(others, 'row')} for other reasons`);
  return [`${failed.length.toLocaleString('en')} of ${count(total, 'row')} failed:`, ...lines].join(
    '\n',
  );
}

/** The same for a card; nothing where no row has failed. */
export function failureBlocks(failed: readonly Failure[], total: number): Block[] {
  if (failed.length === 0) return [];
  const { shown, others } = reasonsOf(failed);
  const isOneEach = shown.every(({ rows }) => rows.length === 1);
  const blocks: Block[] = [
    {
      kind: 'note',
      tone: 'warning',
      text: `${failed.length.toLocaleString('en')} of ${count(total, 'row')} failed.`,
    },
    {
      kind: 'table',
      columns: [
        isOneEach ? { title: 'Row', align: 'right' } : { title: 'Rows', oneLine: true },
        { title: 'Why' },
      ],
      rows: shown.map(({ rows, message }) => [named(rows), message]),
      empty: '',
    },
  ];
  if (others > 0) {
    const text = `… and ${count(others, 'row')} for other reasons.`;
    blocks.push({ kind: 'note', tone: 'muted', text });
  }
  return blocks;
}

/** The first reasons in the order of their first rows, and how many rows have others. */
function reasonsOf(failed: readonly Failure[]): { shown: Reason[]; others: number } {
  const byMessage = new Map<string, number[]>();
  for (const { row, message } of failed) {
    const rows = byMessage.get(message);
    if (rows === undefined) byMessage.set(message, [row]);
    else rows.push(row);
  }
  const reasons = [...byMessage].map(([message, rows]) => ({
    message: shorten(message, REASON_LENGTH),
    rows,
  }));
  const others = reasons.slice(REASONS_SHOWN).reduce((sum, { rows }) => sum + rows.length, 0);
  return { shown: reasons.slice(0, REASONS_SHOWN), others };
}

function named(rows: readonly number[]): string {
  const more = rows.length - ROWS_NAMED;
  // To say that one more is left out takes as much room as to name it.
  if (more > 1)
    return `${rows.slice(0, ROWS_NAMED).join(', ')} and ${more.toLocaleString('en')} more`;
  return rows.join(', ');
}
