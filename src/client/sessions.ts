import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  CreateSessionRequest,
  CreateSnapshotRequest,
  CreateSnapshotResponse,
  ExecuteRequest,
  ExecuteResponse,
  Session,
  SessionDetails,
} from '../api/index.js';
import { type Call, type Caller, path } from './call.js';
import { BadRequestError, NotFoundError, type Resource, UnexpectedAnswerError } from './errors.js';
import { multipartFile } from './multipart.js';
import type { RequestBody } from './transport.js';

/**
 * Sessions: the routes under `/sessions`. Every method may throw any {ClientError}; those about a
 * session throw {NotFoundError} for an unknown one and {SessionGoneError} for one that has ended.
 */
export class SessionRoutes {
  constructor(private readonly caller: Caller) {}

  /**
   * Starts a session and answers its id. R Server's default runtime is R, so name `Python`.
   *
   * The answer is checked by hand: loading the schemas would take longer than the call, and a
   * user waits for this one.
   */
  async create(request: CreateSessionRequest, signal?: AbortSignal): Promise<string> {
    const resource: Resource = { kind: 'snapshot', name: request.snapshotId ?? '' };
    const call: Call = {
      method: 'POST',
      path: '/sessions',
      json: request,
      // Starting Python takes a while on a busy server, and loading a snapshot as long as it is.
      ...(request.snapshotId ? { resource, unlimited: true } : { patience: 4 }),
      ...(signal === undefined ? {} : { signal }),
    };
    const answer = await this.caller.json(call);
    if (typeof answer === 'object' && answer !== null && 'sessionId' in answer) {
      const { sessionId } = answer;
      if (typeof sessionId === 'string' && sessionId !== '') return sessionId;
    }
    throw new UnexpectedAnswerError('The server started a session without telling its id.');
  }

  list(): Promise<Session[]> {
    return this.caller.answer('SessionList', { method: 'GET', path: '/sessions' });
  }

  /**
   * The sessions with their states and leases, which is Slipway's own to tell; undefined from a
   * server that speaks R Server's API alone.
   */
  async details(): Promise<SessionDetails[] | undefined> {
    try {
      const call: Call = { method: 'GET', path: '/sessions/details' };
      return await this.caller.answer('SessionDetailsList', call);
    } catch (error) {
      // As a session of that name the path takes DELETE, so that some servers say 405.
      const isUnknown = error instanceof BadRequestError && error.status === 405;
      if (isUnknown || error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Ends a session, and answers the id of a fresh one with its name, its lease and its files. */
  async restart(id: string): Promise<string> {
    const { id: successor } = await this.caller.answer('SessionDetails', {
      ...this.#call('POST', id, 'restart'),
      unlimited: true,
    });
    return successor;
  }

  /** Sets how many seconds a session lives on unused; for servers that have {@link details}. */
  setLease(id: string, seconds: number): Promise<SessionDetails> {
    return this.caller.answer('SessionDetails', {
      ...this.#call('PUT', id, 'lease'),
      json: { seconds },
    });
  }

  /** Runs code and waits for its end. Code that fails is an answer with `success: false`. */
  execute(id: string, request: ExecuteRequest, signal?: AbortSignal): Promise<ExecuteResponse> {
    return this.caller.answer('ExecuteResponse', {
      ...this.#call('POST', id, 'execute'),
      json: request,
      unlimited: true,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Interrupts what the session runs. */
  async cancel(id: string): Promise<void> {
    await this.caller.json(this.#call('POST', id, 'cancel'));
  }

  async close(id: string): Promise<void> {
    await this.caller.json(this.#call('DELETE', id));
  }

  /** Kills a session that does not end by itself. */
  async forceClose(id: string): Promise<void> {
    await this.caller.json(this.#call('DELETE', id, 'force'));
  }

  /** The sources that were run, oldest first. */
  history(id: string): Promise<string[]> {
    return this.caller.answer('StringList', this.#call('GET', id, 'history'));
  }

  /** What the current or the last execution has printed so far. */
  async consoleOutput(id: string): Promise<string> {
    const call = this.#call('GET', id, 'console-output');
    return (await this.caller.answer('ConsoleOutputResponse', call)).consoleOutput;
  }

  /** The names of the files of the working directory. */
  listFiles(id: string): Promise<string[]> {
    return this.caller.answer('StringList', this.#call('GET', id, 'files'));
  }

  /** Puts a file into the working directory, over one of the same name. */
  async uploadFile(id: string, name: string, content: RequestBody): Promise<void> {
    const { body, contentType } = multipartFile('file', name, content);
    const call = this.#call('POST', id, 'files');
    const answer = await this.caller.stream({ ...call, body, contentType, unlimited: true });
    answer.resume();
  }

  async downloadFile(id: string, name: string): Promise<Readable> {
    return this.caller.stream({ ...this.#file('GET', id, name), unlimited: true });
  }

  async deleteFile(id: string, name: string): Promise<void> {
    await this.caller.json(this.#file('DELETE', id, name));
  }

  /** The names of the workspace. */
  listObjects(id: string): Promise<string[]> {
    return this.caller.answer('StringList', this.#call('GET', id, 'workspace'));
  }

  /** The pickled bytes of an object. Never unpickle what you do not trust. */
  async getObject(id: string, name: string): Promise<Buffer> {
    const call = { ...this.#object('GET', id, name), unlimited: true };
    return buffer(await this.caller.stream(call));
  }

  /** Sets a name of the workspace to what the pickled bytes hold. */
  async setObject(id: string, name: string, pickled: RequestBody): Promise<void> {
    const call = this.#object('POST', id, name);
    const contentType = 'application/octet-stream';
    const answer = await this.caller.stream({
      ...call,
      body: pickled,
      contentType,
      unlimited: true,
    });
    answer.resume();
  }

  async deleteObject(id: string, name: string): Promise<void> {
    await this.caller.json(this.#object('DELETE', id, name));
  }

  /** Saves the session. `contents` is present where the server is Slipway's. */
  createSnapshot(id: string, request: CreateSnapshotRequest): Promise<CreateSnapshotResponse> {
    const call = { ...this.#call('POST', id, 'snapshot'), json: request, unlimited: true };
    return this.caller.answer('CreateSnapshotResponse', call);
  }

  /** Merges a snapshot into the session: objects and files of the same name are replaced. */
  async loadSnapshot(id: string, snapshotId: string): Promise<void> {
    await this.caller.json({
      method: 'POST',
      path: path('sessions', id, 'loadsnapshot', snapshotId),
      resource: { kind: 'snapshot', name: snapshotId },
      unlimited: true,
    });
  }

  #call(method: Call['method'], id: string, ...rest: string[]): Call {
    const resource: Resource = { kind: 'session', name: id };
    return { method, path: path('sessions', id, ...rest), resource };
  }

  #file(method: Call['method'], id: string, name: string): Call {
    const resource: Resource = { kind: 'session file', name };
    return { ...this.#call(method, id, 'files', name), resource };
  }

  #object(method: Call['method'], id: string, name: string): Call {
    const resource: Resource = { kind: 'workspace object', name };
    return { ...this.#call(method, id, 'workspace', name), resource };
  }
}
