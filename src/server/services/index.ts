/** Published services: versions, their workers, and calls. */
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
export { Services } from './services.js';
