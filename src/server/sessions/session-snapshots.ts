import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { CreateSnapshotRequest } from '../../api/index.js';
import {
  type Compute,
  type StagingDirectory,
  UnsafeContentError,
  type VerifiedObject,
  type WorkFiles,
} from '../../compute/index.js';
import { ApiError } from '../errors.js';
import { InvalidSnapshotError, type SnapshotRecord, type Snapshots } from '../snapshots/index.js';
import { SessionRequestError, SnapshotSelectionError } from './errors.js';
import type { AskOptions, HelperAnswer } from './session-helper.js';
import { applyVerification, readManifest, snapshotContents } from './snapshot-manifest.js';

/** Exceptions of `slipway_session.snapshot` that are the caller's to mend. */
const SELECTION_ERRORS: ReadonlySet<string> = new Set(['UnknownNamesError', 'CodeSyntaxError']);

const LoadedObject = Type.Object({
  name: Type.String(),
  verdict: Type.String(),
  reason: Type.Optional(Type.String()),
});
type LoadedObject = Static<typeof LoadedObject>;

/** What the session says of the objects that it has loaded, or has not. */
const LoadReport = Type.Object({ objects: Type.Array(LoadedObject) });

interface Helper {
  readonly owner: string;
  ask(op: string, args?: object, options?: AskOptions): Promise<HelperAnswer>;
}

/** The parts of the server that saving a snapshot goes through. */
export interface SnapshotParts {
  readonly compute: Compute;
  readonly snapshots: Snapshots;
  readonly files: WorkFiles;
}

/**
 * Has the session write a snapshot, loads it in a clean process, and records it. An object that
 * was written but does not come back is left out, with the reason in its verdict.
 */
export async function saveSnapshot(
  session: Helper,
  request: CreateSnapshotRequest,
  { compute, snapshots, files }: SnapshotParts,
): Promise<SnapshotRecord> {
  const staging = await files.createStaging();
  try {
    await write(session, staging.directory, request);
    // From here on what the session's code has written is looked at, which it must not change.
    const directory = await seal(staging);
    await recordVerification(directory, await compute.verifySnapshot(directory));
    return await snapshots.create(session.owner, request.name ?? undefined, directory);
  } finally {
    await staging.release();
  }
}

/** @throws {SnapshotSelectionError} */
async function write(
  session: Helper,
  directory: string,
  { names, code, exclude }: CreateSnapshotRequest,
): Promise<void> {
  const selection = Object.entries({ names, code, exclude }).filter(([, value]) => value != null);
  try {
    await session.ask('snapshot_save', {
      directory,
      files: true,
      ...Object.fromEntries(selection),
    });
  } catch (error) {
    if (error instanceof SessionRequestError && SELECTION_ERRORS.has(error.ename)) {
      throw new SnapshotSelectionError(error);
    }
    throw error;
  }
}

/** @throws {InvalidSnapshotError} */
async function seal(staging: StagingDirectory): Promise<string> {
  try {
    return await staging.seal();
  } catch (error) {
    if (!(error instanceof UnsafeContentError)) throw error;
    throw new InvalidSnapshotError(`The snapshot cannot be kept: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * Merges a snapshot into the workspace; files of the same name are overwritten.
 * @throws {SnapshotNotLoadableError} when some of its objects do not come back here. The others do.
 * @throws {InvalidSnapshotError} when the session does not say what it has loaded
 */
export async function loadSnapshot(
  session: Helper,
  record: SnapshotRecord,
  { snapshots, files }: Pick<SnapshotParts, 'snapshots' | 'files'>,
): Promise<void> {
  const { directory, deliver, release } = await files.createDelivery();
  try {
    await snapshots.materialiseInto(record, directory);
    await deliver();
    const { result } = await session.ask('snapshot_load', { directory });
    if (!Value.Check(LoadReport, result)) {
      throw new InvalidSnapshotError(
        'The session does not say what it has loaded of the snapshot. Restart it and try again.',
      );
    }
    const failed = result.objects.filter(({ verdict }) => verdict === 'failed');
    if (failed.length === 0) return;
    const known = skippedNames(record);
    const lost = failed.filter(({ name }) => !known.has(name));
    if (lost.length > 0) throw new SnapshotNotLoadableError(record.name, lost);
  } finally {
    await release();
  }
}

/** The objects of which was said when the snapshot was made that they do not come back. */
function skippedNames({ manifest }: SnapshotRecord): ReadonlySet<string> {
  const { objects } = snapshotContents(manifest);
  return new Set(objects.filter(({ verdict }) => verdict === 'skipped').map(({ name }) => name));
}

/** Objects that an error names with their reasons; there may be thousands. */
const NAMED = 3;

/**
 * Thrown when objects of a snapshot cannot be restored in a session: its Python or its packages are
 * others than those that the snapshot was made with.
 */
class SnapshotNotLoadableError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'SNAPSHOT_NOT_LOADABLE';
  override readonly name = 'SnapshotNotLoadableError';

  constructor(snapshot: string, failed: readonly LoadedObject[]) {
    const named = failed.slice(0, NAMED).map(({ name, reason = '' }) => `${name}: ${reason}`);
    const more = failed.length > NAMED ? `; and ${failed.length - NAMED} more` : '';
    super(
      `Not all of the snapshot ${JSON.stringify(snapshot)} can be restored here, only its other objects and its files. ${named.join('; ')}${more}.`,
    );
  }
}

/** Corrects the manifest where an object that was saved does not come back. */
async function recordVerification(
  directory: string,
  verified: readonly VerifiedObject[],
): Promise<void> {
  if (verified.every((object) => object.ok)) return;
  const path = join(directory, 'manifest.json');
  const manifest = readManifest(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify(applyVerification(manifest, verified)));
}
