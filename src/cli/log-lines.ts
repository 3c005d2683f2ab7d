import { isObject } from '../client/index.js';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Fields that a line for people shows elsewhere, or that are the same on each. */
const APART: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/** What a terminal may take for a command, or people for the end of a line. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * A line of the log for people: time, level, message and fields, and below it the stack of an error.
 * What is no record of the log, such as what Node says when it ends, stays as it is. Control
 * characters are escaped: others choose much of what a log says, and in JSON they can write them.
 */
export function readableLine(line: string): string {
  const record = parse(line);
  if (record === undefined) return escapeControl(line);
  const { time, level, msg, err } = record;
  const when = new Date(Number(time)).toISOString().replace('T', ' ').replace('Z', '');
  const fields = Object.entries(record)
    .filter(([name]) => !APART.has(name))
    .map(
      ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  const stack = isObject(err) && typeof err.stack === 'string' ? `\n${indent(err.stack)}` : '';
  const name = LEVELS[Number(level)] ?? String(level);
  return `${escapeControl(`${when} ${name.padEnd(5)} ${msg ?? ''}${fields.join('')}`)}${stack}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record: unknown = JSON.parse(line);
    const isRecord = isObject(record) && typeof record.time === 'number';
    return isRecord && Math.abs(record.time as number) < 8.64e15 ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${escapeControl(line)}`)
    .join('\n');
}

function escapeControl(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === '\t' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
