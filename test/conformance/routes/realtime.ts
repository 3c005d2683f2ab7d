import { type Route, route } from './route.js';

/** What `rx_serialize_model` writes begins so; nobody here can make the rest. */
const MODEL = 'blob\0\0\0\0';

function realtime(path: string, token?: string) {
  const body = new FormData();
  body.append('model', new Blob([MODEL]), 'model');
  body.append('description', 'A model.');
  return {
    path: `/realtime-services/${path}`,
    options: { body, ...(token === undefined ? {} : { token }) },
  };
}

const NEVER = 'nothing here can score such a model';

/** Realtime services, which are refused for the first reason that there is. */
export const REALTIME_ROUTES: readonly Route[] = [
  route(
    'publishRealtimeWebServiceByName',
    'POST /realtime-services/{name}',
    [
      [400, 'in any other case', () => realtime('Scored')],
      [403, 'a Reader', ({ reader }) => realtime('Scored', reader)],
    ],
    { never: { 201: NEVER, 409: 'a new GUID is in no version' } },
  ),
  route(
    'publishRealtimeWebServiceByNameVersion',
    'POST /realtime-services/{name}/{version}',
    [
      [400, 'in any other case', () => realtime('Scored/1')],
      [403, 'a Reader', ({ reader }) => realtime('Scored/1', reader)],
      [409, 'the version is there', () => realtime('Table/1')],
    ],
    { never: { 201: NEVER } },
  ),
  route(
    'patchRealtimeWebServiceByNameVersion',
    'PATCH /realtime-services/{name}/{version}',
    [
      [400, 'the version runs code', () => realtime('Table/1')],
      [
        403,
        'of another user, and you are no Owner',
        ({ stranger }) => realtime('Table/1', stranger),
      ],
      [404, 'no such version', () => realtime('Scored/1')],
    ],
    { never: { 200: NEVER } },
  ),
];
