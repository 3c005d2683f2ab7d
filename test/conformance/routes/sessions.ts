import { ofSession } from './of-session.js';
import { type Route, route } from './route.js';
import { NOTHING } from './world.js';

function upload(fileName: string): FormData {
  const form = new FormData();
  form.append('file', new Blob(['1,2']), fileName);
  return form;
}

const PICKLED_NONE = Buffer.from('80044e2e', 'hex');
const BYTES = { 'content-type': 'application/octet-stream' };
const create = (json: object) => () => ({ path: '/sessions', options: { json } });

/** Sessions, what they run, and what they hold. */
export const SESSION_ROUTES: readonly Route[] = [
  route('createSession', 'POST /sessions', [
    [201, 'the runtime is Python', create({ runtimeType: 'Python' }), ['sessionId']],
    [400, 'the runtime is R, or none is named', create({})],
    [404, 'no such snapshot', create({ runtimeType: 'Python', snapshotId: NOTHING })],
  ]),
  route('listSessions', 'GET /sessions', [
    [200, 'always', () => ({ path: '/sessions' }), ['id', 'name', 'owner', 'runtimeType']],
  ]),
  ofSession('executeCode', 'POST /sessions/{id}/execute', [
    [
      200,
      'the code has ended, well or not',
      ({ session }) => ({
        path: `${session}/execute`,
        options: { json: { code: '1/0', outputParameters: [] } },
      }),
      ['success', 'errorMessage', 'outputParameters', 'consoleOutput', 'changedFiles'],
    ],
    [400, 'no code', ({ session }) => ({ path: `${session}/execute`, options: { json: {} } })],
  ]),
  ofSession('cancelSession', 'POST /sessions/{id}/cancel', [
    [200, 'whatever runs', ({ session }) => ({ path: `${session}/cancel` })],
  ]),
  ofSession('closeSession', 'DELETE /sessions/{id}', [
    [200, 'the session is closed', async ({ newSession }) => ({ path: await newSession() })],
  ]),
  ofSession('closeSessionByForce', 'DELETE /sessions/{id}/force', [
    [
      200,
      'the session is killed',
      async ({ newSession }) => ({ path: `${await newSession()}/force` }),
    ],
  ]),
  ofSession('getSessionConsoleOutput', 'GET /sessions/{id}/console-output', [
    [200, 'always', ({ session }) => ({ path: `${session}/console-output` }), ['consoleOutput']],
  ]),
  ofSession('listSessionHistory', 'GET /sessions/{id}/history', [
    [200, 'always', ({ session }) => ({ path: `${session}/history` })],
  ]),
  ofSession('uploadSessionFile', 'POST /sessions/{id}/files', [
    [
      201,
      'the file is written',
      ({ session }) => ({ path: `${session}/files`, options: { body: upload('up.csv') } }),
    ],
    [
      400,
      'no file, or a name outside of the folder',
      ({ session }) => ({ path: `${session}/files`, options: { body: upload('../up.csv') } }),
    ],
  ]),
  ofSession('listSessionFiles', 'GET /sessions/{id}/files', [
    [200, 'always', ({ session }) => ({ path: `${session}/files` })],
  ]),
  ofSession('getSessionFile', 'GET /sessions/{id}/files/{fileName}', [
    [200, 'the file is there', ({ session }) => ({ path: `${session}/files/data.csv` })],
    [404, 'no such file', ({ session }) => ({ path: `${session}/files/none.csv` })],
  ]),
  ofSession('deleteSessionFile', 'DELETE /sessions/{id}/files/{fileName}', [
    [
      200,
      'the file is deleted',
      async ({ session, request }) => {
        await request('POST', `${session}/files`, { body: upload('gone.csv') });
        return { path: `${session}/files/gone.csv` };
      },
    ],
    [404, 'no such file', ({ session }) => ({ path: `${session}/files/none.csv` })],
  ]),
  ofSession('listWorkspaceObjects', 'GET /sessions/{id}/workspace', [
    [200, 'always', ({ session }) => ({ path: `${session}/workspace` })],
  ]),
  ofSession('setWorkspaceObject', 'POST /sessions/{id}/workspace/{objectName}', [
    [
      200,
      'the bytes are a pickle',
      ({ session }) => ({
        path: `${session}/workspace/set`,
        options: { body: new Uint8Array(PICKLED_NONE), headers: BYTES },
      }),
    ],
    [
      400,
      'they are none',
      ({ session }) => ({
        path: `${session}/workspace/set`,
        options: { body: 'no pickle', headers: BYTES },
      }),
    ],
  ]),
  ofSession('getWorkspaceObject', 'GET /sessions/{id}/workspace/{objectName}', [
    [200, 'the object is there', ({ session }) => ({ path: `${session}/workspace/x` })],
    [404, 'no such object', ({ session }) => ({ path: `${session}/workspace/none` })],
  ]),
  ofSession('deleteWorkspaceObject', 'DELETE /sessions/{id}/workspace/{objectName}', [
    [
      200,
      'the object is deleted',
      async ({ session, request }) => {
        await request('POST', `${session}/execute`, { json: { code: 'dropped = 1' } });
        return { path: `${session}/workspace/dropped` };
      },
    ],
    [404, 'no such object', ({ session }) => ({ path: `${session}/workspace/none` })],
  ]),
];
