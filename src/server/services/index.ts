/** Published services: versions, their workers, and calls. */
export { CallCancelledError, CallGroup } from './call-group.js';
export {
  InvalidCallBodyError,
  InvalidParameterError,
  InvalidServiceError,
  NotServiceOwnerError,
  PublishForbiddenError,
  ServiceBusyError,
  ServiceCrashedError,
  ServiceNotFoundError,
  ServiceNotLoadableError,
  ServiceTimeoutError,
  ServiceUnavailableError,
} from './errors.js';
export type { ServiceHold } from './holds.js';
export { RealtimeServices } from './realtime.js';
export { Services } from './services.js';
