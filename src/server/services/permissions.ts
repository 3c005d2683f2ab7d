import type { User } from '../auth/index.js';
import type { ServiceRecord } from '../store/index.js';
import { NotServiceOwnerError, PublishForbiddenError } from './errors.js';

/**
 * Whether a user may change a service: an Owner any, a Contributor what they have published. Who has
 * become a Reader has lost that right over their own services too, as in R Server.
 */
export function mayChange(user: User, record: Pick<ServiceRecord, 'owner'>): boolean {
  return user.role === 'Owner' || (user.role === 'Contributor' && user.name === record.owner);
}

/** @throws {NotServiceOwnerError} unless the user may change the service */
export function assertMayChange(user: User, record: ServiceRecord): void {
  if (!mayChange(user, record)) {
    throw new NotServiceOwnerError(`${record.name}/${record.version}`, record.owner);
  }
}

/** @throws {PublishForbiddenError} unless the user may publish services */
export function assertMayPublish(user: User): void {
  if (user.role === 'Reader') throw new PublishForbiddenError(user.name);
}
