import {
  type Block,
  type FieldsBlock,
  type Inline,
  type TableBlock,
  textOf,
  type View,
} from './view.js';

const SIGNS = { good: '✓ ', warning: '! ', muted: '' } as const;
const GAP = '  ';

/** A view as text for a console: tables line up, nothing is coloured. */
export function renderPlain(view: View): string {
  const parts = view.blocks.map(renderBlock).filter((part) => part !== '');
  if (view.title !== undefined) parts.unshift(textOf(view.title));
  return parts.join('\n\n');
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'fields':
      return renderFields(block);
    case 'table':
      return renderTable(block);
    case 'note':
      return `${block.tone === undefined ? '' : SIGNS[block.tone]}${textOf(block.text)}`;
    case 'code':
      if (block.folded === 'everywhere') return '';
      return `${block.title}:\n${indent(block.source)}`;
    case 'image':
      return `[${block.title}: ${block.mediaType}]`;
  }
}

function renderFields({ rows }: FieldsBlock): string {
  const width = Math.max(...rows.map(([label]) => displayWidth(label)));
  return rows
    .map(([label, value]) => `${pad(label, width, 'left')}${GAP}${cellText(value)}`.trimEnd())
    .join('\n');
}

function renderTable(table: TableBlock): string {
  const heading = table.title === undefined ? '' : `${table.title}\n`;
  if (table.rows.length === 0) return `${heading}${table.empty}`;
  const header = table.columns.map(({ title }) => title);
  const body = table.rows.map((row) => row.map(cellText));
  const widths = header.map((title, column) =>
    Math.max(displayWidth(title), ...body.map((row) => displayWidth(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, table.columns[column]?.align ?? 'left'))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP);
  return `${heading}${[line(header), rule, ...body.map(line)].join('\n')}`;
}

/** A cell takes one line, whatever is in it. */
function cellText(inline: Inline): string {
  return textOf(inline).replace(/\s*\n\s*/g, ' ');
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;
const ZERO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Columns that a text takes in a terminal: East Asian characters take two, accents none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!ZERO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
