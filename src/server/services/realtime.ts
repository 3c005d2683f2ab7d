import type { User } from '../auth/index.js';
import { DuplicateServiceError, type ServiceStore } from '../store/index.js';
import { checkName } from './definition.js';
import { NotRealtimeError, RealtimeUnsupportedError, ServiceNotFoundError } from './errors.js';
import { assertMayChange, assertMayPublish } from './permissions.js';

/** Realtime services: no server but Microsoft's can score their models, so there are none. */
export class RealtimeServices {
  readonly #store: ServiceStore;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  /**
   * Refuses a publication, for the reason that would stop it first.
   * @param version undefined to have one made up
   * @param start the first bytes of the model
   * @throws {PublishForbiddenError} {InvalidServiceError} {DuplicateServiceError} or, when there is
   *   no other reason, {RealtimeUnsupportedError}
   */
  async publish(
    user: User,
    name: string,
    version: string | undefined,
    start: Uint8Array,
  ): Promise<never> {
    assertMayPublish(user);
    checkName('name', name);
    if (version !== undefined) {
      checkName('version', version);
      if ((await this.#store.find(name, version)) !== undefined) {
        throw new DuplicateServiceError(name, version);
      }
    }
    throw new RealtimeUnsupportedError(start);
  }

  /**
   * Refuses a change.
   * @throws {ServiceNotFoundError} {NotServiceOwnerError} or, for a service of code,
   *   {NotRealtimeError}
   */
  async patch(user: User, name: string, version: string): Promise<never> {
    const record = await this.#store.find(name, version);
    if (record === undefined) throw new ServiceNotFoundError(name, version);
    assertMayChange(user, record);
    throw new NotRealtimeError(name, version);
  }
}
