import type { ObjectVerdict, SnapshotContents } from '../../src/api/index.js';
import {
  type Block,
  type Column,
  code,
  count,
  formatBytes,
  type Inline,
  shorten,
  textOf,
} from '../output/index.js';

/** Rows that a table shows; what was left out comes first, so it is never cut off. */
const ROWS_SHOWN = 60;

/**
 * What a snapshot took, what it left out, and why.
 * @param contents undefined where the server does not tell: it has saved the whole session.
 */
export function contentsBlocks(contents: SnapshotContents | undefined): Block[] {
  if (contents === undefined) {
    const text = 'The whole session is saved; this server does not say what it left out.';
    return [{ kind: 'note', tone: 'muted', text }];
  }
  const { objects, files, skippedFiles } = contents;
  const skipped = objects.filter(({ verdict }) => verdict === 'skipped');
  const missing = contents.missing ?? [];
  const ordered = [...skipped, ...objects.filter(({ verdict }) => verdict !== 'skipped')];
  const blocks: Block[] = [
    {
      kind: 'note',
      tone: skipped.length + missing.length + skippedFiles.length === 0 ? 'good' : 'warning',
      text: summary(contents, skipped.length),
    },
  ];
  if (ordered.length > 0) {
    const columns: Column[] = [
      { title: 'Name' },
      { title: 'Verdict' },
      { title: 'Type' },
      { title: 'Size', align: 'right' },
      { title: 'Why' },
    ];
    blocks.push(table(columns, ordered.slice(0, ROWS_SHOWN).map(objectRow)));
  }
  if (ordered.length > ROWS_SHOWN) {
    const text = `… and ${count(ordered.length - ROWS_SHOWN, 'more name')}.`;
    blocks.push({ kind: 'note', tone: 'muted', text });
  }
  if (missing.length > 0) {
    const text = `The code uses ${missing.join(', ')}, which the session does not have.`;
    blocks.push({ kind: 'note', tone: 'warning', text });
  }
  if (files.length + skippedFiles.length > 0) {
    const left = skippedFiles.map(({ path, reason }) => [code(path), '', reason]);
    const taken = files.map(({ path, size }) => [code(path), formatBytes(size), '']);
    const columns: Column[] = [
      { title: 'File' },
      { title: 'Size', align: 'right' },
      { title: 'Skipped because' },
    ];
    blocks.push(table(columns, [...left, ...taken].slice(0, ROWS_SHOWN)));
  }
  return blocks;
}

/** A table without its last column where that is empty: there is nothing to explain. */
function table(columns: readonly Column[], rows: readonly (readonly Inline[])[]): Block {
  const isPlain = rows.every((row) => textOf(row.at(-1) ?? '') === '');
  const end = isPlain ? columns.length - 1 : columns.length;
  return {
    kind: 'table',
    columns: columns.slice(0, end),
    rows: rows.map((row) => row.slice(0, end)),
    empty: '',
  };
}

function summary({ objects, files, python }: SnapshotContents, skipped: number): string {
  const taken = objects.length - skipped;
  const size = objects.reduce((sum, each) => sum + each.size, 0);
  const left = skipped === 0 ? '' : `; ${count(skipped, 'name')} skipped`;
  const withFiles = files.length === 0 ? '' : ` and ${count(files.length, 'file')}`;
  if (objects.length === 0) return `Saved no names${withFiles} (Python ${python}): none is needed`;
  return `Saved ${count(taken, 'name')}${withFiles} (${formatBytes(size)}, Python ${python})${left}`;
}

function objectRow(object: ObjectVerdict): Inline[] {
  const { name, verdict, type, size, reason, path } = object;
  const where = path === undefined || path === name ? '' : `${path}: `;
  return [
    code(name),
    { text: verdict, tone: verdict === 'skipped' ? 'warning' : 'good' },
    type,
    size === 0 ? '' : formatBytes(size),
    shorten(`${where}${reason ?? ''}`, 200),
  ];
}
