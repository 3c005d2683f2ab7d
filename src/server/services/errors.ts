import type { ProcessEnd } from '../../compute/index.js';
import { describeEnd } from '../../compute/index.js';
import { ApiError } from '../errors.js';

/** Thrown for a name and version that nobody has published. */
export class ServiceNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'SERVICE_NOT_FOUND';
  override readonly name = 'ServiceNotFoundError';

  constructor(name: string, version: string) {
    super(
      `There is no version ${JSON.stringify(version)} of a service ${JSON.stringify(name)}; both are case-sensitive. GET /services/${encodeURIComponent(name)} lists its versions.`,
    );
  }
}

/** Thrown when someone changes what another user has published. */
export class NotServiceOwnerError extends ApiError {
  readonly statusCode = 403;
  readonly code = 'NOT_SERVICE_OWNER';
  override readonly name = 'NotServiceOwnerError';

  constructor(label: string, owner: string) {
    super(
      `${label} was published by ${owner}; only they and users with the role Owner may change it. Publish a version of your own.`,
    );
  }
}

/** Thrown when a user with the role Reader publishes. */
export class PublishForbiddenError extends ApiError {
  readonly statusCode = 403;
  readonly code = 'PUBLISH_FORBIDDEN';
  override readonly name = 'PublishForbiddenError';

  constructor(user: string) {
    super(
      `${user} has the role Reader, which may list and call services but not publish them. Ask an Owner for the role Contributor.`,
    );
  }
}

/** Thrown when a definition cannot be a service; the message names the field and what it takes. */
export class InvalidServiceError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_SERVICE';
  override readonly name = 'InvalidServiceError';
}

/** Thrown when a service wants a runtime that this server does not have. */
export class RuntimeNotInstalledError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'RUNTIME_NOT_INSTALLED';
  override readonly name = 'RuntimeNotInstalledError';

  constructor() {
    super(
      'This server has no R. Services without a runtimeType are R services; send "runtimeType":"Python" for a Python service.',
    );
  }
}

/** Thrown when a service does not come to life in a clean process; the message says why. */
export class ServiceNotLoadableError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'SERVICE_NOT_LOADABLE';
  override readonly name = 'ServiceNotLoadableError';
}

/** Thrown when the body of a call is not a JSON object. */
export class InvalidCallBodyError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_JSON';
  override readonly name = 'InvalidCallBodyError';
}

/** Thrown when a parameter of a call is missing, unknown or of another type than declared. */
export class InvalidParameterError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_PARAMETER';
  override readonly name = 'InvalidParameterError';

  constructor(
    message: string,
    /** Name of the parameter. */
    readonly fields: string,
  ) {
    super(message);
  }
}

/** Thrown when more calls wait for a service than may, or one has waited too long. */
export class ServiceBusyError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SERVICE_BUSY';
  override readonly name = 'ServiceBusyError';
  override readonly headers = { 'retry-after': '1' };

  constructor(label: string, waiting: number) {
    super(
      `${label} is busy: ${waiting} calls wait for its workers already. Call again after a moment, or have the server run more workers.`,
    );
  }
}

/** Thrown when a service has no worker and cannot get one. */
export class ServiceUnavailableError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SERVICE_UNAVAILABLE';
  override readonly name = 'ServiceUnavailableError';
  override readonly headers = { 'retry-after': '10' };

  constructor(label: string, reason: string, options?: ErrorOptions) {
    super(`${label} cannot be run at the moment. ${reason}`, options);
  }
}

/** Thrown for a call during which the worker's process ended. */
export class ServiceCrashedError extends ApiError {
  readonly statusCode = 500;
  readonly code = 'SERVICE_CRASHED';
  override readonly name = 'ServiceCrashedError';

  constructor(label: string, requestId: string, end: ProcessEnd) {
    super(
      `${label} did not answer: its worker ${describeEnd(end)} during this call. Other calls go on with a new worker. Request id: ${requestId}.`,
    );
  }
}

/** Thrown for a call that ran longer than calls may. */
export class ServiceTimeoutError extends ApiError {
  readonly statusCode = 500;
  readonly code = 'SERVICE_TIMEOUT';
  override readonly name = 'ServiceTimeoutError';

  constructor(label: string, requestId: string, seconds: number) {
    super(
      `${label} did not answer within ${seconds} s, so its worker was ended. Make the code faster, or have the server's limit raised (serviceTimeout). Request id: ${requestId}.`,
    );
  }
}
