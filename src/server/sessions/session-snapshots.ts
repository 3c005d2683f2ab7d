import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateSnapshotRequest } from '../../api/index.js';
import {
  type Compute,
  type StagingDirectory,
  UnsafeContentError,
  type VerifiedObject,
  type WorkFiles,
} from '../../compute/index.js';
import { InvalidSnapshotError, type SnapshotRecord, type Snapshots } from '../snapshots/index.js';
import { SessionRequestError, SnapshotSelectionError } from './errors.js';
import type { AskOptions, HelperAnswer } from './session-helper.js';
import { applyVerification, readManifest } from './snapshot-manifest.js';

/** Exceptions of `slipway_session.snapshot` that are the caller's to mend. */
const SELECTION_ERRORS: ReadonlySet<string> = new Set(['UnknownNamesError', 'CodeSyntaxError']);

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

/** Merges a snapshot into the workspace; files of the same name are overwritten. */
export async function loadSnapshot(
  session: Helper,
  record: SnapshotRecord,
  { snapshots, files }: Pick<SnapshotParts, 'snapshots' | 'files'>,
): Promise<void> {
  const { directory, deliver, release } = await files.createDelivery();
  try {
    await snapshots.materialiseInto(record, directory);
    await deliver();
    await session.ask('snapshot_load', { directory });
  } finally {
    await release();
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
