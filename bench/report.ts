/** One line of the table: a figure of ours beside the peer's, and the ratio that is promised. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  /** What the ratio ours ÷ peer must not exceed, or must reach. */
  readonly target: { readonly atMost: number } | { readonly atLeast: number };
}

/** Whether a figure keeps its promise. */
export function met({ ours, peer, target }: Figure): boolean {
  const ratio = ours / peer;
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}

/** The figures as an aligned table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${format(figure.ours)} ${figure.unit}`,
    `${format(figure.peer)} ${figure.unit}`,
    `${(figure.ours / figure.peer).toFixed(2)} ×`,
    'atMost' in figure.target ? `≤ ${figure.target.atMost} ×` : `≥ ${figure.target.atLeast} ×`,
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

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
