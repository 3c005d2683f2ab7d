import type { WebService } from '../../src/api/index.js';
import { NotFoundError } from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { missingService } from './missing.js';

/**
 * A version of a service; the newest where none is named.
 * @throws {NotFoundError} for an unknown version; the failure of the magic then lists those there are.
 * @throws {MagicError} `ServiceNotFoundError` for an unknown name.
 */
export async function findService(
  context: MagicContext,
  name: string,
  version: string | undefined,
): Promise<WebService> {
  const { services } = await context.client();
  if (version !== undefined) return services.get(name, version);
  const newest = (await services.list(name)).at(-1);
  if (newest !== undefined) return newest;
  throw await serviceNotFound(context, name);
}

/** The error for a service of which there is no version. */
export async function serviceNotFound(context: MagicContext, name: string): Promise<MagicError> {
  const sentence = await missingService(name, undefined, context);
  return new MagicError('ServiceNotFoundError', sentence);
}

/** A version that may be absent, which is then undefined. */
export async function findServiceIfAny(
  context: MagicContext,
  name: string,
  version: string,
): Promise<WebService | undefined> {
  try {
    return await (await context.client()).services.get(name, version);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** The versions of a service, oldest first; none when the service is unknown. */
export async function versionsOf(context: MagicContext, name: string): Promise<WebService[]> {
  try {
    return await (await context.client()).services.list(name);
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}
