import {
  ClientError,
  ForbiddenError,
  NotFoundError,
  RequestAbortedError,
  type Resource,
  type ResourceKind,
  ServerBusyError,
} from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { didYouMean } from './suggest.js';

const NOT_FOUND_NAMES: Readonly<Record<ResourceKind, string>> = {
  session: 'SessionNotFoundError',
  'session file': 'FileNotFoundError',
  'workspace object': 'NameError',
  snapshot: 'SnapshotNotFoundError',
  service: 'ServiceNotFoundError',
  route: 'NotSupportedByServerError',
};

/** A failure as the error of a magic: what happened, and what to do about it. Others pass. */
export async function magicErrorOf(error: unknown, context: MagicContext): Promise<unknown> {
  if (!(error instanceof ClientError)) return error;
  if (error instanceof RequestAbortedError) {
    return new MagicError('KeyboardInterrupt', 'The magic was interrupted.');
  }
  return new MagicError(
    nameOf(error),
    `${error.message}${await adviceOn(error, context)}`,
    undefined,
    {
      cause: error,
    },
  );
}

function nameOf(error: ClientError): string {
  if (error instanceof NotFoundError) return NOT_FOUND_NAMES[error.resource.kind];
  return error instanceof ForbiddenError ? 'PermissionError' : error.name;
}

async function adviceOn(error: ClientError, context: MagicContext): Promise<string> {
  if (error instanceof NotFoundError) return adviceOnMissing(error.resource, context);
  if (error instanceof ServerBusyError && error.retryAfter !== undefined) {
    return ` Try again in ${error.retryAfter} s.`;
  }
  return '';
}

/** What there is instead. Where the list cannot be had, the failure itself is what matters. */
async function adviceOnMissing(resource: Resource, context: MagicContext): Promise<string> {
  try {
    switch (resource.kind) {
      case 'service':
        return await servicesInstead(resource, context);
      case 'snapshot':
        return ' %snapshot list shows those you have.';
      case 'session file':
        return ' %files list shows those there are.';
      case 'workspace object':
        return ' %workspace list shows the names there are.';
      default:
        return '';
    }
  } catch (failure) {
    if (failure instanceof ClientError) return '';
    throw failure;
  }
}

async function servicesInstead(resource: Resource, context: MagicContext): Promise<string> {
  const services = await (await context.client()).services.list();
  const versions = services
    .filter(({ name }) => name === resource.name)
    .map((each) => each.version);
  if (versions.length > 0) {
    const { version } = resource;
    const hint = version === undefined ? '' : didYouMean(version, versions);
    return ` Versions of ${resource.name}: ${versions.join(', ')}.${hint}`;
  }
  const names = [...new Set(services.map(({ name }) => name))];
  if (names.length === 0) return ' No service is published yet: %publish does it.';
  const hint = didYouMean(resource.name, names);
  return hint === '' ? ' %services lists those there are.' : hint;
}
