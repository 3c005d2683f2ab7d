import type { SessionLink } from '../src/session/index.js';
import type { OwnRequests } from './own-requests.js';

/**
 * What the kernel knows of a session: its answer to `kernel_info_request`, and the subshell that
 * serves the kernel's users while a cell runs, where the session has subshells.
 */
export class SessionProfile {
  /** Resolves to the content of the session's `kernel_info_reply`. */
  readonly info: Promise<Record<string, unknown>>;
  /** The same, once it is there. */
  known: Record<string, unknown> | undefined;
  /** What `ready` resolves to, once it is there. */
  subshell: string | undefined;
  /**
   * Resolves to the subshell that answers questions beside the cells; undefined where the session
   * has none, or did not say. Never rejects.
   */
  readonly ready: Promise<string | undefined>;

  /** @param onProblem told when the session has subshells but gives none. */
  constructor(link: SessionLink, own: OwnRequests, onProblem: (error: Error) => void) {
    this.info = own.request(link, 'control', 'kernel_info_request', {});
    this.ready = this.#prepare(link, own).catch((error: Error) => {
      onProblem(error);
      return undefined;
    });
  }

  async #prepare(link: SessionLink, own: OwnRequests): Promise<string | undefined> {
    this.known = await this.info;
    const features = this.known.supported_features;
    if (!Array.isArray(features) || !features.includes('kernel subshells')) return undefined;
    const reply = await own.request(link, 'control', 'create_subshell_request', {});
    if (typeof reply.subshell_id === 'string') this.subshell = reply.subshell_id;
    return this.subshell;
  }
}
