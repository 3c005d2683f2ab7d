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

/** Thrown when a pool of its own is asked for a service that cannot be. */
export class InvalidPoolError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_POOL';
  override readonly name = 'InvalidPoolError';
}

/** How the models begin that realtime services of R Server take: output of `rx_serialize_model`. */
const REALTIME_MODEL = 'blob';

/** Thrown when a realtime service is published: nothing here can score its model. */
export class RealtimeUnsupportedError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'REALTIME_UNSUPPORTED';
  override readonly name = 'RealtimeUnsupportedError';

  /** @param start the first bytes of the model */
  constructor(start: Uint8Array) {
    const isSerialized = Buffer.from(start).toString('latin1').startsWith(REALTIME_MODEL);
    super(
      `${
        isSerialized
          ? 'The model is one that rx_serialize_model has written, and only the libraries of Microsoft R Server can score it: this server has none of them, so it has no realtime services.'
          : 'The model is not one that rx_serialize_model has written, and this server has no realtime services.'
      } Nothing was published. Publish it as a standard service, which runs in warm workers: put the model (retrained with a library such as scikit-learn) into a session, save a snapshot, and send its id with code and "runtimeType": "Python" to POST /services/{name}/{version}.`,
    );
  }
}

/** Thrown when a service of code is changed as if it were a realtime service. */
export class NotRealtimeError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'NOT_REALTIME';
  override readonly name = 'NotRealtimeError';

  constructor(name: string, version: string) {
    super(
      `${name}/${version} runs code and is no realtime service. Change it with PATCH /services/${encodeURIComponent(name)}/${encodeURIComponent(version)}.`,
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
