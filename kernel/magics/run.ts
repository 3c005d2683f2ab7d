import type { MagicContext, MagicInvocation } from '../magic-context.js';
import { parseArguments } from './arguments.js';
import { magicErrorOf } from './failures.js';
import { helpView } from './help.js';
import { show } from './show.js';
import { findMagic } from './table.js';
import { UsageError } from './usage-error.js';

/**
 * Runs one magic. Whoever lets the user interrupt it does not wait for its end.
 * @throws {MagicError}
 */
export async function runMagic(invocation: MagicInvocation, context: MagicContext): Promise<void> {
  const magic = findMagic(invocation.name);
  if (magic === undefined) {
    throw new UsageError(`There is no magic %${invocation.name}. %help lists those there are.`);
  }
  const line = parseArguments(magic, invocation);
  if (line.help) return show(context, helpView(magic));
  const call = { invocation, arguments: line.arguments };
  try {
    await line.form.run(call, context);
  } catch (error) {
    throw await magicErrorOf(error, context);
  }
}
