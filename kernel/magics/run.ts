import { type MagicContext, MagicError, type MagicInvocation } from '../magic-context.js';
import { parseArguments } from './arguments.js';
import { magicErrorOf } from './failures.js';
import { helpView } from './help.js';
import { show } from './show.js';
import { findMagic } from './table.js';
import { UsageError } from './usage-error.js';

/**
 * Runs one magic until its end or until the user interrupts it.
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
  const { signal, finished } = interruption(context.signal);
  try {
    await Promise.race([line.form.run(call, context), signal]);
  } catch (error) {
    throw await magicErrorOf(error, context);
  } finally {
    finished();
  }
}

/** A promise that fails when the user interrupts the cell. */
function interruption(signal: AbortSignal): { signal: Promise<never>; finished: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(new MagicError('KeyboardInterrupt', 'The magic was interrupted.'));
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  return { signal: promise, finished: () => signal.removeEventListener('abort', interrupt) };
}
