import { decodeDict, type WireMessage } from '../../src/jupyter/index.js';

/** The comms that clients and session have opened through this kernel, by their ids. */
export class OpenComms {
  readonly #targets = new Map<string, string>();

  /** Looks at a message of either side. @throws {MalformedMessageError} */
  see(type: string, message: WireMessage): void {
    if (type !== 'comm_open' && type !== 'comm_close') return;
    const { comm_id: id, target_name: target } = decodeDict(message.content, `content of ${type}`);
    if (typeof id !== 'string') return;
    if (type === 'comm_close') this.#targets.delete(id);
    else if (typeof target === 'string') this.#targets.set(id, target);
  }

  /** Forgets all: the session that they led to is gone. */
  clear(): void {
    this.#targets.clear();
  }

  /** The content of a `comm_info_reply`. @param target only comms with this target, if given. */
  info(target: unknown): object {
    const comms = [...this.#targets]
      .filter(([, name]) => typeof target !== 'string' || name === target)
      .map(([id, name]) => [id, { target_name: name }] as const);
    return { status: 'ok', comms: Object.fromEntries(comms) };
  }
}
