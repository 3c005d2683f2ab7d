import { type Route, route } from './route.js';
import type { World } from './world.js';

const TOKENS = ['token_type', 'access_token', 'expires_in', 'expires_on', 'refresh_token'];

async function refreshToken({ server, request }: World): Promise<string> {
  const json = { username: 'admin', password: server.password };
  const answer = await request('POST', '/login', { json, token: null });
  return answer.json<{ refresh_token: string }>().refresh_token;
}

const login = (json: object) => () => ({ path: '/login', options: { json, token: null } });
const renew = (json: object) => ({ path: '/login/refreshToken', options: { json, token: null } });

/** Tokens, and the health of the server. */
export const ACCOUNT_ROUTES: readonly Route[] = [
  route(
    'login',
    'POST /login',
    [
      [
        200,
        'the right password',
        ({ server }) => login({ username: 'admin', password: server.password })(),
        TOKENS,
      ],
      [400, 'no password', login({ username: 'admin' })],
      [401, 'a wrong password', login({ username: 'admin', password: 'wrong' })],
    ],
    { isPublic: true },
  ),
  route(
    'renewToken',
    'POST /login/refreshToken',
    [
      [
        200,
        'a refresh token',
        async (world) => renew({ refreshToken: await refreshToken(world) }),
        TOKENS,
      ],
      [400, 'no refresh token', () => renew({})],
      [401, 'one that is unknown or was used', () => renew({ refreshToken: 'none' })],
    ],
    { isPublic: true },
  ),
  route('revokeRefreshToken', 'DELETE /login/refreshToken', [
    [
      200,
      'a refresh token',
      async (world) => ({
        path: `/login/refreshToken?refreshToken=${encodeURIComponent(await refreshToken(world))}`,
      }),
      TOKENS,
    ],
    [400, 'no refresh token', () => ({ path: '/login/refreshToken' })],
    [
      401,
      'one that is unknown or was used',
      () => ({ path: '/login/refreshToken?refreshToken=none' }),
    ],
  ]),
  route(
    'status',
    'GET /status',
    [[200, 'always', () => ({ path: '/status' }), ['statusCode', 'components', 'details']]],
    { never: { 500: 'a part that fails is told in a 200 with the status `fail`' } },
  ),
];
