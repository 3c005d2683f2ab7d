import type { WebSocket } from 'ws';
import type { Authenticator } from './auth/index.js';
import { CLOSE_CODES } from './sessions/index.js';

/** Milliseconds between looks at the logins of open channels. */
const INTERVAL = 60_000;

/**
 * Closes channels whose login has ended: revoked, by a new password, or by its age. A channel is
 * not closed because the access token that opened it has expired or was renewed: whoever runs a
 * long cell without a user to ask could not go on. Of a login at an outside issuer nothing else is
 * known: there the channel ends with its token, and a kernel that has renewed it comes back at once.
 */
export class LoginWatch {
  /** The token that each open channel came with. */
  readonly #channels = new Map<WebSocket, string>();
  readonly #timer: NodeJS.Timeout;

  /** @param onProblem told when the logins cannot be read; the next look tries again */
  constructor(
    private readonly auth: Authenticator,
    onProblem: (error: unknown) => void,
  ) {
    this.#timer = setInterval(() => this.#look().catch(onProblem), INTERVAL);
    this.#timer.unref();
  }

  add(channel: WebSocket, token: string): void {
    this.#channels.set(channel, token);
    channel.once('close', () => this.#channels.delete(channel));
  }

  /** Looks no more. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const [channel, token] of this.#channels) {
      if (await this.auth.hasLogin(token)) continue;
      channel.close(CLOSE_CODES.loginEnded, 'The login has ended: log in again.');
    }
  }
}
