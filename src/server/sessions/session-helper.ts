import type { JsonValue } from '../../api/index.js';
import { RequestDroppedError, SessionRequestError } from './errors.js';
import type { KernelClient, KernelReply } from './kernel-client.js';

/** What the helper answered. */
export interface HelperAnswer {
  readonly result: { readonly [key: string]: JsonValue };
  readonly buffers: readonly Uint8Array[];
}

export interface AskOptions {
  readonly buffers?: readonly Uint8Array[];
  /** `control` answers while a cell runs; few operations are safe there. */
  readonly channel?: 'shell' | 'control';
}

/**
 * Asks `slipway_session`, the helper that runs inside of the session.
 * @throws {SessionRequestError} carrying Python's exception.
 * @throws {RequestDroppedError} when it was queued behind a cell that failed.
 * @throws {SessionGoneError} when the session ends before the answer.
 */
export async function askHelper(
  client: KernelClient,
  op: string,
  args: object,
  options: AskOptions = {},
): Promise<HelperAnswer> {
  const reply = await client.request(
    options.channel ?? 'shell',
    'slipway_request',
    { ...args, op },
    { buffers: options.buffers ?? [] },
  );
  return readHelperReply(reply);
}

/** @throws {SessionRequestError} or {RequestDroppedError} when the reply reports a failure. */
function readHelperReply({ content, buffers }: KernelReply): HelperAnswer {
  if (content.status === 'ok') {
    const result = content.result;
    const isObject = typeof result === 'object' && result !== null && !Array.isArray(result);
    return { result: isObject ? (result as HelperAnswer['result']) : {}, buffers };
  }
  if (content.status === 'aborted') {
    throw new RequestDroppedError();
  }
  throw new SessionRequestError(String(content.ename ?? 'Error'), String(content.evalue ?? ''));
}
