/**
 * A failure that the caller is told about. Each cause has a class of its own, defined next to the
 * code that throws it, with a stable `code` and the HTTP status that the wire gives it.
 */
export abstract class ApiError extends Error {
  abstract readonly statusCode: number;
  /** Stable, in capitals; goes out as `exceptionType`. */
  abstract readonly code: string;
  /** Extra response headers, such as `Retry-After`. */
  readonly headers: Readonly<Record<string, string>> = {};
}
