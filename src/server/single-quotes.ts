/** A text in either kind of quotes, with its escapes. */
const TEXT = /"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/gs;

/**
 * JSON whose texts stand in single quotes as JSON. R Server's parser took `{'username': 'admin'}`,
 * and scripts for it send that. What is no such JSON stays what it is: no JSON.
 */
export function withDoubleQuotes(text: string): string {
  return text.replace(TEXT, (whole: string, inner: string | undefined) =>
    inner === undefined
      ? whole
      : `"${inner.replace(/\\'|"/g, (mark) => (mark === '"' ? '\\"' : "'"))}"`,
  );
}
