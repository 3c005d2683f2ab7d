import {
  InvalidObjectNameError,
  ObjectNotFoundError,
  ObjectTransferError,
  SessionRequestError,
} from './errors.js';
import type { AskOptions, HelperAnswer } from './session-helper.js';

/** What these functions need of a session. */
interface Helper {
  ask(op: string, args?: object, options?: AskOptions): Promise<HelperAnswer>;
}

/** Names that the user has defined, sorted. Asked on control, so a running cell does not delay it. */
export async function listNames(session: Helper): Promise<string[]> {
  const { result } = await session.ask('workspace_list', {}, { channel: 'control' });
  return Array.isArray(result.names) ? result.names.map(String) : [];
}

/** An object as bytes that `dill.loads` and `pickle.loads` take. */
export async function getObject(session: Helper, name: string): Promise<Uint8Array> {
  const { buffers } = await translate(name, session.ask('workspace_get', { name }));
  return buffers[0] ?? new Uint8Array(0);
}

/** Sets an object from what `dill.dumps` or `pickle.dumps` gave. */
export async function setObject(session: Helper, name: string, pickle: Uint8Array): Promise<void> {
  await translate(name, session.ask('workspace_set', { name }, { buffers: [pickle] }));
}

export async function deleteObject(session: Helper, name: string): Promise<void> {
  await translate(name, session.ask('workspace_delete', { name }));
}

async function translate<T>(name: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof SessionRequestError)) throw error;
    if (error.ename === 'WorkspaceObjectNotFound') {
      throw new ObjectNotFoundError(
        `The session has no object "${name}". GET /sessions/{id}/workspace lists what it has.`,
        { cause: error },
      );
    }
    // The Python of the session may know fewer letters than this server.
    if (error.ename === 'InvalidNameError') throw new InvalidObjectNameError(name);
    if (error.ename === 'WorkspaceObjectError') {
      throw new ObjectTransferError(error);
    }
    throw error;
  }
}
