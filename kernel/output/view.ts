import type { JsonValue } from '../../src/api/index.js';

/** How a text is to be taken in; each renderer has its own way to show it. */
export type Tone = 'good' | 'warning' | 'muted';

/** A piece of text in a line or a table. */
export interface Span {
  readonly text: string;
  /** An http(s) address; others are shown as text. */
  readonly href?: string;
  /** Whether it is a name or value of a program. */
  readonly code?: boolean;
  readonly tone?: Tone;
  /** How much is done, from 0 to 1: a bar before the text. */
  readonly done?: number;
}
export type Inline = string | Span;

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Whether its cells are kept on one line, however narrow the window is: times, short words. */
  readonly oneLine?: boolean;
}

/** Labels and their values, one per line. */
export interface FieldsBlock {
  readonly kind: 'fields';
  readonly rows: readonly (readonly [label: string, value: Inline])[];
}

export interface TableBlock {
  readonly kind: 'table';
  readonly title?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Inline[])[];
  /** Said in place of a table without rows: how to fill it. */
  readonly empty: string;
}

/** A paragraph; `warning` and `good` give it a sign. */
export interface NoteBlock {
  readonly kind: 'note';
  readonly text: Inline;
  readonly tone?: Tone;
}

/** Source text. It is folded where the client can fold, and left out of plain text when `folded`. */
export interface CodeBlock {
  readonly kind: 'code';
  readonly title: string;
  readonly source: string;
  readonly folded?: 'html' | 'everywhere';
}

/** A picture that a service has made. */
export interface ImageBlock {
  readonly kind: 'image';
  readonly title: string;
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif';
  readonly base64: string;
}

export type Block = FieldsBlock | TableBlock | NoteBlock | CodeBlock | ImageBlock;

/**
 * A result of a magic, independent of how it is shown. From one view come HTML for notebooks,
 * text for consoles and data for programs.
 */
export interface View {
  readonly title?: Inline;
  readonly blocks: readonly Block[];
  /** What a program reads; absent from what is no result, such as progress. */
  readonly data?: JsonValue;
}

/** The text of an inline, without its looks. */
export function textOf(inline: Inline): string {
  if (typeof inline === 'string') return inline;
  return inline.done === undefined ? inline.text : `${bar(inline.done)} ${inline.text}`;
}

const BAR_WIDTH = 20;

/** A bar of characters: `██████░░░░`. */
function bar(done: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * BAR_WIDTH);
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

/** Shorthand for names and values of programs. */
export function code(text: string): Span {
  return { text, code: true };
}
