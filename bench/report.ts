import { median, type Pairs, pairedRatio } from './statistics.js';

/** What a figure must not exceed, or must reach: its ratio to the peer's, or its own value. */
export type Target =
  | { readonly ratioAtMost: number }
  | { readonly ratioAtLeast: number }
  | { readonly atMost: number }
  | { readonly atLeast: number };

/** One line of the table: a figure of ours, beside the peer's where there is one. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly peer?: number;
  /** Ours ÷ the peer's; the quotient of the two values when it was not measured in pairs. */
  readonly ratio?: number;
  readonly unit: string;
  /** What is promised. */
  readonly target: Target;
}

/** A figure from measurements in pairs. */
export function compared(name: string, pairs: Pairs, unit: string, target: Target): Figure {
  return {
    name,
    ours: median(pairs.ours),
    peer: median(pairs.peer),
    ratio: pairedRatio(pairs),
    unit,
    target,
  };
}

/** Whether a figure keeps its promise. */
export function met(figure: Figure): boolean {
  const { ours, target } = figure;
  if ('atMost' in target) return ours <= target.atMost;
  if ('atLeast' in target) return ours >= target.atLeast;
  const ratio = ratioOf(figure) ?? Number.NaN;
  return 'ratioAtMost' in target ? ratio <= target.ratioAtMost : ratio >= target.ratioAtLeast;
}

/** The figures as an aligned table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    withUnit(figure.ours, figure.unit),
    figure.peer === undefined ? '' : withUnit(figure.peer, figure.unit),
    ratioOf(figure) === undefined ? '' : `${ratioOf(figure)?.toFixed(2)} ×`,
    describe(figure.target, figure.unit),
    met(figure) ? 'met' : 'MISSED',
  ]);
  const all = [['figure', 'Slipway', 'peer', 'ratio', 'target', ''], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function ratioOf({ ours, peer, ratio }: Figure): number | undefined {
  return ratio ?? (peer === undefined ? undefined : ours / peer);
}

function describe(target: Target, unit: string): string {
  if ('atMost' in target) return `≤ ${target.atMost.toLocaleString('en')} ${unit}`;
  if ('atLeast' in target) return `≥ ${target.atLeast.toLocaleString('en')} ${unit}`;
  return 'ratioAtMost' in target ? `≤ ${target.ratioAtMost} ×` : `≥ ${target.ratioAtLeast} ×`;
}

function withUnit(value: number, unit: string): string {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
  return `${text} ${unit}`;
}
