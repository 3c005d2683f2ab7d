import type { MagicLine } from '../cell/magic-at-cursor.js';
import type { Completion } from '../completion/index.js';
import type { MagicContext, MagicInvocation, MimeBundle } from '../magic-context.js';
import type { CompletionSources } from './completion/index.js';

export type { CompletionSources, WorkspaceName } from './completion/index.js';

/** The names of the magics that the kernel runs itself. */
export const magicNames: ReadonlySet<string> = new Set([
  'connect',
  'session',
  'snapshot',
  'publish',
  'consume',
  'services',
  'service',
  'swagger',
  'files',
  'workspace',
  'status',
  'help',
]);

/**
 * Runs one magic. The magics are loaded on the first call: a starting kernel does not need them.
 * @throws {MagicError} when the magic is written wrongly or fails.
 */
export async function runMagic(invocation: MagicInvocation, context: MagicContext): Promise<void> {
  const { runMagic: run } = await import('./run.js');
  await run(invocation, context);
}

/** The help of one magic, for `%name?`; undefined for a name that is not ours. */
export async function magicHelp(name: string): Promise<MimeBundle | undefined> {
  const [{ findMagic }, { helpBundle }] = await Promise.all([
    import('./table.js'),
    import('./help.js'),
  ]);
  const magic = findMagic(name);
  return magic === undefined ? undefined : helpBundle(magic);
}

/**
 * Completes the line of a magic. Undefined for the arguments of a
 * magic that is not ours.
 */
export async function completeMagic(
  line: MagicLine,
  cursor: number,
  sources: CompletionSources,
): Promise<Completion | undefined> {
  const { completeMagic: complete } = await import('./completion/index.js');
  return complete(line, cursor, sources);
}

/** What to show for a place on the line of a magic of ours; undefined on Python source. */
export async function inspectMagicLine(
  line: MagicLine,
  cursor: number,
): Promise<MimeBundle | undefined> {
  const { inspectLine } = await import('./inspect-line.js');
  return inspectLine(line, cursor);
}
