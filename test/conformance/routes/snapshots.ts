import { ofSession } from './of-session.js';
import { type Route, route } from './route.js';
import { NOTHING } from './world.js';

const create = (session: string, json: object) => ({
  path: `${session}/snapshot`,
  options: { json },
});
const NO_SNAPSHOT = 'no such snapshot, or that of another user';

/** Snapshots of sessions. */
export const SNAPSHOT_ROUTES: readonly Route[] = [
  ofSession('CreateSnapshot', 'POST /sessions/{id}/snapshot', [
    [
      201,
      'the session is saved',
      ({ session }) => create(session, { name: 'made' }),
      ['snapshotId', 'contents'],
    ],
    [400, 'the name is no text', ({ session }) => create(session, { name: 1 })],
  ]),
  ofSession('LoadSnapshot', 'POST /sessions/{id}/loadsnapshot/{snapshotId}', [
    [
      200,
      'it is loaded',
      ({ session, snapshotId }) => ({ path: `${session}/loadsnapshot/${snapshotId}` }),
    ],
    [404, NO_SNAPSHOT, ({ session }) => ({ path: `${session}/loadsnapshot/${NOTHING}` })],
  ]),
  route('ListSnapshots', 'GET /snapshots', [
    [
      200,
      'always',
      () => ({ path: '/snapshots' }),
      ['id', 'name', 'owner', 'creationTime', 'contentSize'],
    ],
  ]),
  route('GetSnapshotContent', 'GET /snapshots/{id}', [
    [200, 'it is there', ({ snapshotId }) => ({ path: `/snapshots/${snapshotId}` })],
    [
      404,
      NO_SNAPSHOT,
      ({ snapshotId, stranger }) => ({
        path: `/snapshots/${snapshotId}`,
        options: { token: stranger },
      }),
    ],
  ]),
  route('DeleteSnapshot', 'DELETE /snapshots/{id}', [
    [
      200,
      'it is deleted',
      async ({ session, request }) => {
        const saved = await request('POST', `${session}/snapshot`, { json: {} });
        return { path: `/snapshots/${saved.json<{ snapshotId: string }>().snapshotId}` };
      },
    ],
    [404, NO_SNAPSHOT, () => ({ path: `/snapshots/${NOTHING}` })],
  ]),
];
