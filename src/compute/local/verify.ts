import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { v4 as uuid } from 'uuid';
import type { VerifiedObject } from '../types.js';
import { type ChildGroup, describeEnd, startChild } from './child-process.js';
import type { Isolation, Needs } from './isolation/index.js';
import type { LocalSettings } from './settings.js';

/** Milliseconds to load a snapshot in a clean process. */
const DEADLINE = 5 * 60_000;

const Outcome = Type.Object({
  objects: Type.Array(
    Type.Object({
      name: Type.String(),
      ok: Type.Boolean(),
      reason: Type.Optional(Type.String()),
    }),
  ),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
});
const outcomeSchema = Compile(Outcome);

/**
 * Loads a snapshot in a clean process and tells which of its objects come back.
 * @param directory absolute path of the materialised snapshot; it is only read
 * @throws {VerificationError} when it cannot be loaded at all, or not in time
 */
export async function verifySnapshot(
  settings: LocalSettings,
  isolation: Isolation,
  directory: string,
): Promise<readonly VerifiedObject[]> {
  const name = `verify-${uuid()}`;
  const needs: Needs = { name, writable: [], readable: [directory], outlivesServer: false };
  const args = [join(settings.pythonPath, 'slipway_worker', 'verify.py'), directory];
  const enclosure = await isolation.enclose(needs);
  try {
    const launch = await isolation.launch(args, needs, enclosure);
    return await load(await startChild({ ...launch, stdio: 'pipe' }));
  } finally {
    await enclosure.discard();
  }
}

async function load(group: ChildGroup): Promise<readonly VerifiedObject[]> {
  group.stdin.end();
  const timer = setTimeout(() => void group.kill(), DEADLINE);
  const output = await text(group.stdout);
  const end = await group.ended;
  clearTimeout(timer);
  const outcome = parse(output);
  if (outcome === undefined) {
    throw new VerificationError(
      `The snapshot could not be verified: the process that loads it ${describeEnd(end)}.`,
    );
  }
  if (outcome.error !== undefined) {
    throw new VerificationError(`The snapshot cannot be loaded: ${outcome.error.message}`);
  }
  return outcome.objects;
}

function parse(output: string) {
  try {
    const value: unknown = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    return outcomeSchema.Check(value) ? value : undefined;
  } catch (error) {
    // A process that died has printed nothing, or half a line.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Thrown when a snapshot cannot be loaded as a whole. */
export class VerificationError extends Error {
  readonly code = 'VERIFICATION';
  override readonly name = 'VerificationError';
}
