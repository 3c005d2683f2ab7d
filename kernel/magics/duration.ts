import { UsageError } from './usage-error.js';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Reads `90s`, `30m`, `2h` or `1d` as seconds.
 * @param option what it is the value of, for the message.
 * @param longest in seconds.
 * @throws {UsageError}
 */
export function parseDuration(option: string, text: string, longest: number): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/i.exec(text) ?? [];
  const seconds = Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 0));
  if (number === undefined || seconds < 1) {
    throw new UsageError(`${option} takes a time such as 30m, 2h or 1d, not "${text}".`);
  }
  if (seconds > longest) {
    throw new UsageError(`${option} takes at most ${formatDuration(longest)}, not ${text}.`);
  }
  return seconds;
}

/** Seconds for people, in the two largest units: `45 s`, `2 h 5 min`, `7 d`. */
export function formatDuration(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ];
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return '0 s';
  const shown = parts.slice(first, first + 2).filter(([number]) => number > 0);
  return shown.map(([number, unit]) => `${number} ${unit}`).join(' ');
}
