import { readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PARAMETER_TYPES } from '../../../src/api/index.js';
import type { CompletionItem } from '../../completion/index.js';
import type { ValueKind } from '../definition.js';
import type { Token } from '../tokens.js';
import type { CompletionSources } from './sources.js';

/** A value that fits, before it is written as a word. */
export type Candidate = CompletionItem;

/** Where a value stands: what has been written of it, and the words before it. */
export interface ValuePlace {
  readonly written: string;
  readonly before: readonly Token[];
  /** Names of all magics. */
  readonly magics: readonly string[];
}

/** All values of a kind that there are; those that do not begin as written are left to the caller. */
export async function valuesOf(
  kind: ValueKind,
  place: ValuePlace,
  sources: CompletionSources,
): Promise<Candidate[]> {
  switch (kind) {
    case 'magic':
      return typed('magic', place.magics);
    case 'service': {
      const services = await sources.services();
      return typed('service', new Set(services.map(({ name }) => name)));
    }
    case 'version': {
      const service = place.before.at(-1)?.text;
      const versions = (await sources.services()).filter(({ name }) => name === service);
      return typed('version', versions.map(({ version }) => version).toReversed());
    }
    case 'snapshot': {
      const snapshots = (await sources.snapshots()).toReversed();
      return namesAndIds('snapshot', snapshots, place);
    }
    case 'session':
      return namesAndIds('session', await sources.sessions(), place);
    case 'session file':
      return typed('file', await sources.files());
    case 'local file':
      return localFiles(place.written);
    case 'variable':
      return typed(
        'instance',
        (await sources.names()).map(({ name }) => name),
      );
    case 'function': {
      const functions = (await sources.names()).filter(({ isFunction }) => isFunction);
      return typed(
        'function',
        functions.map(({ name }) => name),
      );
    }
    case 'parameter type': {
      const [name = ''] = place.written.split(':', 1);
      if (!place.written.includes(':')) return [];
      return typed(
        'type',
        PARAMETER_TYPES.map((type) => `${name}:${type}`),
      );
    }
  }
}

function typed(type: string, texts: Iterable<string>): Candidate[] {
  return Array.from(texts, (text) => ({ text, type }));
}

/** Names first. Ids are no pleasure to look at: they come once one has been begun. */
function namesAndIds(
  type: string,
  things: readonly { readonly id: string; readonly name: string }[],
  { written }: ValuePlace,
): Candidate[] {
  const names = typed(type, new Set(things.map(({ name }) => name)));
  if (written === '') return names;
  return [
    ...names,
    ...typed(
      `${type} id`,
      things.map(({ id }) => id),
    ),
  ];
}

/** Files and folders of the notebook's machine beside or below what has been written. */
async function localFiles(written: string): Promise<Candidate[]> {
  const folder = written.endsWith('/') ? written : dirname(written);
  const prefix = written.includes('/') ? `${folder.replace(/\/$/, '')}/` : '';
  try {
    const entries = await readdir(resolve(folder), { withFileTypes: true });
    const shown = entries.filter(({ name }) => !name.startsWith('.'));
    return shown.map((entry) => {
      const isFolder = entry.isDirectory();
      const text = `${prefix}${entry.name}${isFolder ? '/' : ''}`;
      return { text, type: isFolder ? 'folder' : 'file' };
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nothing is in a folder that is not there, or that may not be read.
    if (code === undefined) throw error;
    return [];
  }
}
