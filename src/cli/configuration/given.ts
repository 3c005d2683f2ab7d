/** In order of precedence. */
export const SOURCES = ['option', 'environment', 'config file', 'default'] as const;
export type Source = (typeof SOURCES)[number];

/** What one place says of one setting. */
export interface Given {
  readonly value: unknown;
  readonly source: Source;
  /** The option, the variable, or the file and the name in it; empty for a default. */
  readonly where: string;
}
