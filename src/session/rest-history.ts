/** The cells that were run over one link, as `history_request` asks for them. */
export class CellHistory {
  readonly #cells: { readonly line: number; readonly input: string }[] = [];

  add(line: number, input: string): void {
    this.#cells.push({ line, input });
  }

  /** The content of a `history_reply`; outputs are not kept. */
  answer(request: Record<string, unknown>): object {
    const { hist_access_type: access, output } = request;
    const count = typeof request.n === 'number' ? request.n : Number.POSITIVE_INFINITY;
    let found = this.#cells;
    if (access === 'range') {
      const start = Number(request.start ?? 0);
      const stop = Number(request.stop ?? Number.POSITIVE_INFINITY);
      found = found.filter(({ line }) => line >= start && line < stop);
    } else if (access === 'search') {
      const pattern = globPattern(String(request.pattern ?? '*'));
      found = found.filter(({ input }) => pattern.test(input));
      if (request.unique === true) found = lastOfEach(found);
    }
    if (access !== 'range') found = count > 0 ? found.slice(-count) : [];
    const history = found.map(({ line, input }) => [
      SESSION,
      line,
      output === true ? [input, null] : input,
    ]);
    return { status: 'ok', history };
  }
}

/** Number of the running session, as IPython counts them; there is no other. */
const SESSION = 1;

/** `*` and `?` as a file name has them; the rest is text. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

function lastOfEach<T extends { readonly input: string }>(cells: readonly T[]): T[] {
  return cells.filter(
    ({ input }, index) => cells.findLastIndex((one) => one.input === input) === index,
  );
}
