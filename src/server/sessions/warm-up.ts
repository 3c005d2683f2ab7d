import type { KernelClient } from './kernel-client.js';
import { askHelper } from './session-helper.js';

/** What a session does faster the second time, in the order in which a user wants it. */
const STEPS = ['cell', 'result', 'inspection', 'completion'];

/**
 * Lets a session in reserve do for the first time what its user will ask of it.
 * @param isTaken whether it has a user by now, who is not to wait for more of this.
 * @throws {SessionRequestError} {SessionGoneError}
 */
export async function warmUp(client: KernelClient, isTaken: () => boolean): Promise<void> {
  for (const step of STEPS) {
    if (isTaken()) return;
    await askHelper(client, 'warm_up', { step });
  }
}
