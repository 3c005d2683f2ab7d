import type { Resource } from '../../src/client/index.js';
import type { MagicContext } from '../magic-context.js';
import { didYouMean } from './suggest.js';

/** Names that a sentence lists; of more it shows these and their number. */
const LISTED = 12;

/**
 * Says that something is not there, and what there is instead.
 * @returns undefined for what only the server can tell of.
 * @throws {ClientError} when the list of what there is cannot be had.
 */
export async function missingSentence(
  resource: Resource,
  context: MagicContext,
): Promise<string | undefined> {
  const { kind, name } = resource;
  switch (kind) {
    case 'service':
      return missingService(name, resource.version, context);
    case 'snapshot':
      return `You have no snapshot "${name}" any more. %snapshot list shows those you have.`;
    case 'session file': {
      const { sessionId } = await context.link();
      const names = await (await context.client()).sessions.listFiles(sessionId);
      return `The session has no file "${name}".${instead(name, names, 'Its files')}`;
    }
    case 'workspace object': {
      const { sessionId } = await context.link();
      const names = await (await context.client()).sessions.listObjects(sessionId);
      return `The session has no variable "${name}".${instead(name, names, 'It has')}`;
    }
    default:
      return undefined;
  }
}

/** Says which services or versions there are in place of one that is not. */
export async function missingService(
  name: string,
  version: string | undefined,
  context: MagicContext,
): Promise<string> {
  const services = await (await context.client()).services.list();
  const versions = services.filter((each) => each.name === name).map((each) => each.version);
  if (version !== undefined && versions.length > 0) {
    return `${name} has no version "${version}". Its versions: ${listed(versions)}.`;
  }
  const names = [...new Set(services.map((each) => each.name))];
  if (names.length === 0) {
    return `There is no service "${name}": none is published yet. %publish FUNCTION NAME VERSION does it.`;
  }
  return `There is no service "${name}".${instead(name, names, 'Published are')}`;
}

/** What was probably meant, or else all that there is. */
export function instead(wanted: string, names: readonly string[], what: string): string {
  if (names.length === 0) return ' There are none.';
  return didYouMean(wanted, names) || ` ${what}: ${listed(names)}.`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(', ');
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}
