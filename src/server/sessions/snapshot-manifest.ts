import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { type JsonValue, ObjectVerdict, type SnapshotContents } from '../../api/index.js';
import type { VerifiedObject } from '../../compute/index.js';
import { InvalidSnapshotError } from '../snapshots/index.js';

const FileEntry = Type.Object({ path: Type.String(), size: Type.Integer() });
const SkippedFile = Type.Object({ path: Type.String(), reason: Type.String() });

/** What the server reads of a snapshot's `manifest.json`; the rest of it is Python's own. */
const Manifest = Type.Object({
  python: Type.String(),
  packages: Type.Record(Type.String(), Type.String()),
  objects: Type.Array(ObjectVerdict),
  files: Type.Array(FileEntry),
  skippedFiles: Type.Array(SkippedFile),
  missing: Type.Optional(Type.Array(Type.String())),
});
export type Manifest = Static<typeof Manifest>;

/** @throws {InvalidSnapshotError} when the text is not a manifest. */
export function readManifest(text: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalid('it is not JSON', error);
  }
  return checkManifest(parsed);
}

/** @throws {InvalidSnapshotError} */
function checkManifest(value: unknown): Manifest {
  if (Value.Check(Manifest, value)) return value;
  const first = Value.Errors(Manifest, value)[0];
  throw invalid(`${first?.instancePath || '/'} ${first?.message}`);
}

/** The manifest with objects that did not come back in a clean process marked as left out. */
export function applyVerification(
  manifest: Manifest,
  verified: readonly VerifiedObject[],
): Manifest {
  const failures = new Map(
    verified.filter((object) => !object.ok).map(({ name, reason }) => [name, reason]),
  );
  return {
    ...manifest,
    objects: manifest.objects.map((object) =>
      failures.has(object.name)
        ? {
            ...object,
            verdict: 'skipped' as const,
            reason: failures.get(object.name) ?? 'it does not load in a clean process',
          }
        : object,
    ),
  };
}

/** What a snapshot holds, as the answer of its creation tells it. */
export function snapshotContents(manifest: {
  readonly [key: string]: JsonValue;
}): SnapshotContents {
  const { python, packages, objects, files, skippedFiles, missing } = checkManifest(manifest);
  return {
    python,
    packages,
    objects: objects.map(({ name, verdict, type, size, reason, path }) => ({
      name,
      verdict,
      type,
      size,
      ...(reason === undefined ? {} : { reason }),
      ...(path === undefined ? {} : { path }),
    })),
    files: files.map(({ path, size }) => ({ path, size })),
    skippedFiles: skippedFiles.map(({ path, reason }) => ({ path, reason })),
    ...(missing === undefined ? {} : { missing }),
  };
}

function invalid(problem: string, cause?: unknown): InvalidSnapshotError {
  return new InvalidSnapshotError(
    `The manifest that the session wrote for its snapshot is not valid: ${problem}. Restart the session and try again.`,
    { cause },
  );
}
