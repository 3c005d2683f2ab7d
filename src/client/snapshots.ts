import type { Readable } from 'node:stream';
import type { Snapshot } from '../api/index.js';
import { type Call, type Caller, path } from './call.js';

/** Snapshots of the user: the routes under `/snapshots`. Unknown ids throw {NotFoundError}. */
export class SnapshotRoutes {
  constructor(private readonly caller: Caller) {}

  list(): Promise<Snapshot[]> {
    return this.caller.answer('SnapshotList', { method: 'GET', path: '/snapshots' });
  }

  /** The zip file of a snapshot: its workspace and its files. */
  download(id: string): Promise<Readable> {
    return this.caller.stream({ ...this.#call('GET', id), unlimited: true });
  }

  async delete(id: string): Promise<void> {
    await this.caller.json(this.#call('DELETE', id));
  }

  #call(method: Call['method'], id: string): Call {
    return { method, path: path('snapshots', id), resource: { kind: 'snapshot', name: id } };
  }
}
