import type { Snapshot } from '../../src/api/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { didYouMean } from './suggest.js';

/**
 * The user's snapshot of that id, or else the newest of that name.
 * @throws {MagicError} `SnapshotNotFoundError`, naming what there is.
 */
export async function findSnapshot(context: MagicContext, wanted: string): Promise<Snapshot> {
  const snapshots = await (await context.client()).snapshots.list();
  const byId = snapshots.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const named = snapshots
    .filter(({ name }) => name === wanted)
    .toSorted((a, b) => a.creationTime.localeCompare(b.creationTime));
  const newest = named.at(-1);
  if (newest !== undefined) return newest;
  const names = [...new Set(snapshots.map(({ name }) => name))];
  const hint =
    names.length === 0
      ? ' You have none: save one with %snapshot NAME.'
      : didYouMean(wanted, names) || ` You have ${names.map((name) => `"${name}"`).join(', ')}.`;
  throw new MagicError('SnapshotNotFoundError', `You have no snapshot "${wanted}".${hint}`);
}
