import { decodeDict, encodeDict } from '../src/jupyter/index.js';
import type { SessionLink } from '../src/session/index.js';
import type { OwnRequests } from './own-requests.js';
import type { ClientRequest } from './requests.js';

/** Requests that a user expects to be answered while a cell runs. */
const ANSWERED_MEANWHILE: ReadonlySet<string> = new Set([
  'complete_request',
  'inspect_request',
  'is_complete_request',
  'history_request',
  'comm_info_request',
]);

/**
 * What the kernel knows of a session: its answer to `kernel_info_request`, and the subshell that
 * serves the kernel's users while a cell runs, where the session has subshells.
 */
export class SessionProfile {
  /** Resolves to the content of the session's `kernel_info_reply`. */
  readonly info: Promise<Record<string, unknown>>;
  /** The same, once it is there. */
  known: Record<string, unknown> | undefined;
  #subshell: string | undefined;

  /** @param onProblem told when the session has subshells but gives none. */
  constructor(link: SessionLink, own: OwnRequests, onProblem: (error: Error) => void) {
    this.info = own.request(link, 'control', 'kernel_info_request', {});
    this.info
      .then(async (info) => {
        this.known = info;
        const features = info.supported_features;
        if (!Array.isArray(features) || !features.includes('kernel subshells')) return;
        const reply = await own.request(link, 'control', 'create_subshell_request', {});
        if (typeof reply.subshell_id === 'string') this.#subshell = reply.subshell_id;
      })
      .catch(onProblem);
  }

  /** The subshell for requests of the kernel's own, where the session has one. */
  get subshell(): string | undefined {
    return this.#subshell;
  }

  /**
   * The header with which a request gets past a running cell, or undefined when it has to wait its
   * turn: the session has no subshell, or the client chose one itself.
   */
  headerPastCell(request: ClientRequest): Uint8Array | undefined {
    const { header, channel, message } = request;
    if (this.#subshell === undefined || channel !== 'shell') return undefined;
    if (header.subshell_id || !ANSWERED_MEANWHILE.has(header.msg_type)) return undefined;
    return encodeDict({ ...decodeDict(message.header, 'header'), subshell_id: this.#subshell });
  }
}
