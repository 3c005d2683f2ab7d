import { type Entry, makingNothing, type Route, route } from './route.js';
import { NOTHING, type World } from './world.js';

const UNKNOWN = `/sessions/${NOTHING}`;

/**
 * A route of one session: it answers 404 where there is none of that id or it is another user's, and
 * 410 where it has ended.
 * @param entries the first one is a success on the world's session
 */
export function ofSession(
  operationId: string,
  text: string,
  entries: readonly [Entry, ...Entry[]],
): Route {
  const [[, , first]] = entries;
  const elsewhere = (path: (world: World) => string) => async (world: World) => {
    const call = await first(makingNothing(world));
    return { ...call, path: call.path.replace(/^\/sessions\/[^/]+/, path(world)) };
  };
  const asStranger = async (world: World) => {
    const { path, options: given } = await first(makingNothing(world));
    const own = path.replace(/^\/sessions\/[^/]+/, world.session);
    return { path: own, options: { ...given, token: world.stranger } };
  };
  return route(operationId, text, [
    ...entries,
    [404, 'no such session', elsewhere(() => UNKNOWN)],
    [404, 'the session of another user', asStranger],
    [410, 'the session has ended', elsewhere(({ gone }) => gone)],
  ]);
}
