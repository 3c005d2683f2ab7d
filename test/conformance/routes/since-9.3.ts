import { type Call, type Route, route } from './route.js';
import type { World } from './world.js';

const pool = (json: object, token?: string): Call => ({
  path: '/services/Table/1/pool',
  options: { json, ...(token === undefined ? {} : { token }) },
});

const POOL = { InitialPoolSize: 1, MaxPoolSize: 2 };
const STRANGER = 'of another user, and you are no Owner';

/** A change of the compute nodes by an Owner. */
const nodes =
  (entries: readonly string[]) =>
  ({ server, owner }: World) => ({
    path: '/computenodes',
    options: {
      json: { entries: entries.map((entry) => (entry === 'own' ? ownAddress(server.url) : entry)) },
      token: owner,
    },
  });
const byContributor = () => ({ path: '/computenodes', options: { json: { entries: [] } } });

function ownAddress(url: string): string {
  return `http://localhost:${new URL(url).port}`;
}

/** What 9.3 added: pools of services, and compute nodes. */
export const ROUTES_SINCE_9_3: readonly Route[] = [
  route('createOrUpdateServicePool', 'POST /services/{name}/{version}/pool', [
    [200, 'the pool is being filled', () => pool(POOL)],
    [400, 'sizes that cannot be', () => pool({ InitialPoolSize: 3, MaxPoolSize: 2 })],
    [403, STRANGER, ({ stranger }) => pool(POOL, stranger)],
    [
      404,
      'no such version',
      () => ({ path: '/services/Table/none/pool', options: { json: POOL } }),
    ],
  ]),
  route('getServicePoolStatus', 'GET /services/{name}/{version}/pool', [
    [200, 'always', () => ({ path: '/services/Table/1/pool' }), ['ComputeNodeEndpoint', 'Status']],
    [404, 'no such version', () => ({ path: '/services/Table/none/pool' })],
  ]),
  route('deleteServicePool', 'DELETE /services/{name}/{version}/pool', [
    [200, 'it has none of its own now', () => ({ path: '/services/Table/1/pool' })],
    [400, 'the path is no UTF-8', () => ({ path: '/services/%FF/1/pool' })],
    [
      403,
      STRANGER,
      ({ stranger }) => ({ path: '/services/Table/1/pool', options: { token: stranger } }),
    ],
    [404, 'no such version', () => ({ path: '/services/Table/none/pool' })],
  ]),
  route('getComputeNodes', 'GET /computenodes', [
    [200, 'always', () => ({ path: '/computenodes' }), ['computeNodes']],
  ]),
  route('setComputeNodes', 'POST /computenodes', [
    [200, 'the list is this server', nodes(['own'])],
    [400, 'it is another one', nodes(['own', 'http://10.0.0.1:12805'])],
    [403, 'you are no Owner', byContributor],
  ]),
  route('addComputeNode', 'PUT /computenodes', [
    [200, 'only this server is added', nodes(['own'])],
    [400, 'others are', nodes(['http://10.0.0.1-3:12805'])],
    [403, 'you are no Owner', byContributor],
  ]),
  route('removeComputeNode', 'DELETE /computenodes', [
    [200, 'what is removed is not there', nodes(['http://10.0.0.1:12805'])],
    [400, 'it is this server', nodes(['own'])],
    [403, 'you are no Owner', byContributor],
  ]),
];
