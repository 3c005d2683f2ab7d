import Type, { type Static } from 'typebox';
import { Nullable } from './common.js';

/**
 * Body of `POST /sessions/{id}/snapshot`. `names`, `code` and `exclude` are Slipway's own:
 * they limit the snapshot to some objects, or to what a piece of code needs.
 */
export const CreateSnapshotRequest = Type.Object(
  {
    name: Nullable(Type.String({ maxLength: 256 })),
    names: Nullable(Type.Array(Type.String())),
    code: Nullable(Type.String()),
    exclude: Nullable(Type.Array(Type.String())),
  },
  { $id: 'CreateSnapshotRequest' },
);
export type CreateSnapshotRequest = Static<typeof CreateSnapshotRequest>;

/** Body of `POST /sessions/{id}/snapshot` as R Server takes it: all of the session is saved. */
export const PlainSnapshotRequest = Type.Pick(CreateSnapshotRequest, ['name'], {
  $id: 'CreateSnapshotRequest',
});

/** What became of one name of the workspace when it was saved. */
export const ObjectVerdict = Type.Object(
  {
    name: Type.String(),
    verdict: Type.Union([
      Type.Literal('saved'),
      Type.Literal('import'),
      Type.Literal('reopened'),
      Type.Literal('recreated'),
      Type.Literal('skipped'),
    ]),
    type: Type.String({ description: 'Qualified name of the Python type.' }),
    size: Type.Integer({ description: 'Bytes.' }),
    reason: Type.Optional(Type.String()),
    path: Type.Optional(Type.String({ description: 'Path to the culprit inside of the object.' })),
  },
  { $id: 'ObjectVerdict' },
);
export type ObjectVerdict = Static<typeof ObjectVerdict>;

/** What a snapshot holds and what it left out. */
export const SnapshotContents = Type.Object(
  {
    python: Type.String({ description: 'Version of the interpreter that saved it.' }),
    packages: Type.Record(Type.String(), Type.String()),
    objects: Type.Array(ObjectVerdict),
    files: Type.Array(Type.Object({ path: Type.String(), size: Type.Integer() })),
    skippedFiles: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() })),
    missing: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'SnapshotContents' },
);
export type SnapshotContents = Static<typeof SnapshotContents>;

/** Answer of `POST /sessions/{id}/snapshot`; R Server's clients read `snapshotId` alone. */
export const CreateSnapshotResponse = Type.Object(
  { snapshotId: Type.String(), contents: Type.Optional(SnapshotContents) },
  { $id: 'CreateSnapshotResponse' },
);
export type CreateSnapshotResponse = Static<typeof CreateSnapshotResponse>;

/** Answer of `POST /sessions/{id}/snapshot` as R Server gives it. */
export const PlainSnapshotResponse = Type.Pick(CreateSnapshotResponse, ['snapshotId'], {
  $id: 'CreateSnapshotResponse',
});

/** One of the user's snapshots. */
export const Snapshot = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    owner: Type.String(),
    creationTime: Type.String({ description: 'ISO 8601, without a time zone.' }),
    contentSize: Type.Integer({ description: 'Bytes of its zip file.' }),
  },
  { $id: 'Snapshot' },
);
export type Snapshot = Static<typeof Snapshot>;
