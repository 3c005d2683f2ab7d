import { type Route, route } from './route.js';
import { DOUBLE } from './world.js';

const METADATA = [
  'name',
  'version',
  'versionPublishedBy',
  'creationTime',
  'snapshotId',
  'runtimeType',
  'initCode',
  'code',
  'description',
  'operationId',
  'inputParameterDefinitions',
  'outputParameterDefinitions',
  'outputFileNames',
  'myPermissionOnService',
];

const at = (path: string) => ({ path: `/services/${path}` });
const send = (path: string, json: object, token?: string) => ({
  path: `/services/${path}`,
  options: { json, ...(token === undefined ? {} : { token }) },
});
const READER = 'a Reader';
const STRANGER = 'of another user, and you are no Owner';
const NO_SERVICE = 'no such version';

/** Services and their metadata. */
export const SERVICE_ROUTES: readonly Route[] = [
  route('getAllWebServices', 'GET /services', [[200, 'always', () => at(''), METADATA]]),
  route('getAllWebServiceVersionsByName', 'GET /services/{name}', [
    [200, 'always, with an empty list for an unknown name', () => at('Table'), METADATA],
  ]),
  route('getWebServiceVersion', 'GET /services/{name}/{version}', [
    [200, 'it is there, as a list of one', () => at('Table/1'), METADATA],
    [404, NO_SERVICE, () => at('Table/none')],
  ]),
  route(
    'publishWebService',
    'POST /services/{name}',
    [
      [201, 'it can be called, under a version that is a GUID', () => send('Made', DOUBLE)],
      [400, 'no code, R, or code that does not come to life', () => send('Made', {})],
      [403, READER, ({ reader }) => send('Made', DOUBLE, reader)],
      [404, 'no such snapshot', () => send('Made', { ...DOUBLE, snapshotId: 'none' })],
    ],
    { never: { 409: 'a new GUID is in no version' } },
  ),
  route('publishWebServiceVersion', 'POST /services/{name}/{version}', [
    [201, 'it can be called', ({ newVersion }) => send(`Made/${newVersion()}`, DOUBLE)],
    [400, 'no code, R, or code that does not come to life', () => send('Made/2', {})],
    [403, READER, ({ reader }) => send('Made/2', DOUBLE, reader)],
    [404, 'no such snapshot', () => send('Made/2', { ...DOUBLE, snapshotId: 'none' })],
    [409, 'the version is there', () => send('Table/1', DOUBLE)],
  ]),
  route('patchWebServiceVersion', 'PATCH /services/{name}/{version}', [
    [200, 'it is changed', () => send('Table/1', { description: 'Doubles.' })],
    [400, 'R, or code that does not come to life', () => send('Table/1', { code: 'y = ' })],
    [403, STRANGER, ({ stranger }) => send('Table/1', {}, stranger)],
    [404, NO_SERVICE, () => send('Table/none', {})],
  ]),
  route('deleteWebServiceVersion', 'DELETE /services/{name}/{version}', [
    [200, 'it is deleted', async ({ newService }) => at(await newService())],
    [403, STRANGER, ({ stranger }) => ({ ...at('Table/1'), options: { token: stranger } })],
    [404, NO_SERVICE, () => at('Table/none')],
  ]),
  route('GetWebServiceSwagger', 'GET /api/{name}/{version}/swagger.json', [
    [200, 'it is there', () => ({ path: '/api/Table/1/swagger.json' })],
    [400, 'the path is no UTF-8', () => ({ path: '/api/%E0%A4%A/1/swagger.json' })],
    [404, NO_SERVICE, () => ({ path: '/api/Table/none/swagger.json' })],
  ]),
];
