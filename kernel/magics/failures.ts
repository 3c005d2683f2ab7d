import {
  BadRequestError,
  ClientError,
  ForbiddenError,
  NotFoundError,
  RequestAbortedError,
  type ResourceKind,
} from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { missingSentence } from './missing.js';

const NOT_FOUND_NAMES: Readonly<Record<ResourceKind, string>> = {
  session: 'SessionNotFoundError',
  'session file': 'FileNotFoundError',
  'workspace object': 'NameError',
  snapshot: 'SnapshotNotFoundError',
  service: 'ServiceNotFoundError',
  batch: 'BatchNotFoundError',
  route: 'NotSupportedByServerError',
};

/** A failure as the error of a magic: what happened, and what to do about it. Others pass. */
export async function magicErrorOf(error: unknown, context: MagicContext): Promise<unknown> {
  if (!(error instanceof ClientError)) return error;
  if (error instanceof RequestAbortedError) {
    return new MagicError('KeyboardInterrupt', 'The magic was interrupted.');
  }
  const evalue = (await sentenceOf(error, context)) ?? error.message;
  return new MagicError(nameOf(error), evalue, undefined, { cause: error });
}

function nameOf(error: ClientError): string {
  if (error instanceof NotFoundError) return NOT_FOUND_NAMES[error.resource.kind];
  return error instanceof ForbiddenError ? 'PermissionError' : error.name;
}

/**
 * What to say in place of the server's sentence, which is made for those who call its routes;
 * undefined where that will do.
 */
async function sentenceOf(error: ClientError, context: MagicContext): Promise<string | undefined> {
  if (error instanceof BadRequestError && error.exceptionType === 'RUNTIME_UNAVAILABLE') {
    return 'R is not installed on this server. Leave --runtime R out for a session of Python, or %connect to a server that has R.';
  }
  if (!(error instanceof NotFoundError)) return undefined;
  try {
    return await missingSentence(error.resource, context);
  } catch (failure) {
    // Where the list of what there is cannot be had either, the first failure is what matters.
    if (failure instanceof ClientError) return undefined;
    throw failure;
  }
}
