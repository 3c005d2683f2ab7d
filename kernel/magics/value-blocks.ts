import type { JsonValue } from '../../src/api/index.js';
import { type Block, shorten } from '../output/index.js';

const ROWS_SHOWN = 20;
const TEXT_SHOWN = 500;

/**
 * One typed value: a data frame or matrix as a table, anything else on one line.
 * @param json the value as it was written, where that is known: it shows 9.0 as 9.0.
 */
export function valueBlocks(
  name: string,
  type: string,
  value: JsonValue,
  json: string = JSON.stringify(value),
): Block[] {
  const table = tableOf(value);
  if (table === undefined) {
    const text = typeof value === 'string' ? value : json;
    return [{ kind: 'fields', rows: [[name, shorten(text, TEXT_SHOWN)]] }];
  }
  const { columns, rows } = table;
  const shown = rows.slice(0, ROWS_SHOWN);
  const blocks: Block[] = [
    {
      kind: 'table',
      title: type === '' ? name : `${name} (${type})`,
      columns: columns.map(({ title, numeric }) => ({ title, align: numeric ? 'right' : 'left' })),
      rows: shown.map((row) => row.map(cellText)),
      empty: 'has no rows.',
    },
  ];
  if (rows.length > shown.length) {
    const text = `… ${rows.length} rows in all.`;
    blocks.push({ kind: 'note', tone: 'muted', text });
  }
  return blocks;
}

interface Table {
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly JsonValue[])[];
}

/** The value as a table: columns of equal length by name, or rows of equal length. */
function tableOf(value: JsonValue): Table | undefined {
  if (Array.isArray(value)) {
    const rows = value.filter(Array.isArray) as JsonValue[][];
    const width = rows[0]?.length ?? 0;
    if (width === 0 || rows.length < value.length) return undefined;
    if (rows.some((row) => row.length !== width)) return undefined;
    const columns = Array.from({ length: width }, (_, index) => ({
      title: `${index}`,
      numeric: rows.every((row) => isNumeric(row[index])),
    }));
    return { columns, rows };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const names = Object.keys(value);
  const lists = names.map((name) => value[name]);
  const height = Array.isArray(lists[0]) ? lists[0].length : -1;
  if (height < 0 || !lists.every((list) => Array.isArray(list) && list.length === height)) {
    return undefined;
  }
  const cells = lists as JsonValue[][];
  return {
    columns: names.map((title, index) => ({
      title,
      numeric: (cells[index] ?? []).every(isNumeric),
    })),
    rows: Array.from({ length: height }, (_, row) => cells.map((column) => column[row] ?? null)),
  };
}

function isNumeric(value: JsonValue | undefined): boolean {
  return typeof value === 'number' || value === null;
}

function cellText(value: JsonValue): string {
  if (value === null) return '';
  return shorten(typeof value === 'string' ? value : JSON.stringify(value), 200);
}
