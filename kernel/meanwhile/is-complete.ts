import { Scanner } from '../cell/scanner.js';
import { logicalLines } from '../cell/split.js';

/** One more level of a block, as IPython indents. */
const INDENT = '    ';

/** A line that begins a block and leaves it for the next line. */
const BLOCK =
  /^[ \t]*(?:async|case|class|def|elif|else|except|finally|for|if|match|try|while|with)\b.*:[ \t]*(?:#.*)?$/;

/**
 * The content of an `is_complete_reply`, told from the text alone: whether a bracket, a string or a
 * block is still open. Code that is complete may be wrong all the same; Python says so when it runs.
 */
export function isComplete(code: string): object {
  const incomplete = (indent: string) => ({ status: 'incomplete', indent });
  const lines = code.split('\n');
  const last = lines.at(-1) ?? '';
  const written = lines.findLast((line) => line.trim() !== '') ?? '';
  const indent = /^[ \t]*/.exec(written)?.[0] ?? '';
  const tail = [...logicalLines(code)].at(-1);
  if (tail === undefined) return { status: 'complete' };
  const isOpen = !tail.isOpaque && new Scanner(code).isOpenAtEnd(tail.start);
  if (isOpen || last.endsWith('\\')) return incomplete(indent);
  if (tail.isOpaque && indent === '') {
    const isCellMagic = code.trimStart().startsWith('%%');
    return isCellMagic && last.trim() !== '' ? incomplete('') : { status: 'complete' };
  }
  if (BLOCK.test(written)) return incomplete(indent + INDENT);
  // A block, and a decorator's function, go on until an empty line ends them.
  if (written.startsWith('@')) return incomplete('');
  return indent !== '' && last.trim() !== '' ? incomplete(indent) : { status: 'complete' };
}
