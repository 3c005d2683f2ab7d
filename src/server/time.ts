/**
 * A point in time as R Server writes it: UTC in ISO 8601 without a zone, the fraction without
 * trailing zeros (`2017-10-05T22:49:33.78`).
 */
export function wireTime(date: Date): string {
  return date.toISOString().replace(/\.?0*Z$/, '');
}
