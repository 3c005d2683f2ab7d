import type { Answer, RequestOptions } from '../../support/server.js';
import type { World } from './world.js';

/** One request, and the status that answers it. */
export interface Exercise {
  readonly status: number;
  /** What is the case, as words that go into the table of docs/api.md. */
  readonly when: string;
  /** Keys of the answer, or of the first item of a list, in the order of the wire. */
  readonly keys?: readonly string[];
  /** What of the answer is against R Server's document on purpose, as the check of it says. */
  readonly contradictions?: readonly string[];
  send(world: World): Promise<Answer>;
}

/** One route with the requests that show each of its statuses. */
export interface Route {
  readonly operationId: string;
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly exercises: readonly Exercise[];
  /** Statuses that R Server documents and this server has no use for, with the reason. */
  readonly never: Readonly<Record<number, string>>;
}

/** A request to a route, without its method. */
export interface Call {
  readonly path: string;
  readonly options?: RequestOptions;
}

type MakeCall = (world: World) => Call | Promise<Call>;

/** An entry of the table, given as status, circumstances and request. */
export type Entry = readonly [
  status: number,
  when: string,
  call: MakeCall,
  keys?: readonly string[],
];

export interface RouteOptions {
  readonly never?: Readonly<Record<number, string>>;
  /** Whether it answers without a token; all others are asked without one and refuse. */
  readonly isPublic?: boolean;
}

/**
 * The world for a request that will be refused before it reaches what it names: nothing need be made
 * for it.
 */
export function makingNothing(world: World): World {
  return {
    ...world,
    newSession: () => Promise.resolve(world.session),
    newService: () => Promise.resolve('Table/1'),
  };
}

/**
 * Makes a route of the table.
 * @param route `METHOD /path`
 * @param entries the first one is a success, or another request that only lacks nothing but a token
 */
export function route(
  operationId: string,
  route: string,
  entries: readonly [Entry, ...Entry[]],
  { never = {}, isPublic = false }: RouteOptions = {},
): Route {
  const [method = '', path = ''] = route.split(' ');
  const send = (world: World, { path: target, options }: Call) =>
    world.request(method, target, options);
  const [[, , first]] = entries;
  const exercises: Exercise[] = entries.map(([status, when, call, keys]) => ({
    status,
    when,
    ...(keys === undefined ? {} : { keys }),
    send: async (world) => send(world, await call(world)),
  }));
  if (!isPublic) {
    exercises.push({
      status: 401,
      when: 'no token',
      async send(world) {
        const { path: target, options } = await first(makingNothing(world));
        return send(world, { path: target, options: { ...options, token: null } });
      },
    });
  }
  return { operationId, method, path, exercises, never };
}
