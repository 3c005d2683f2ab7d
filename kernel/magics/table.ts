import { connect } from './connect.js';
import { consume } from './consume.js';
import type { MagicDefinition } from './definition.js';
import { files } from './files.js';
import { helpMagic } from './help-magic.js';
import { publish } from './publish.js';
import { service } from './service.js';
import { services } from './services.js';
import { session } from './session.js';
import { snapshot } from './snapshot.js';
import { status } from './status.js';
import { swagger } from './swagger.js';
import { workspace } from './workspace.js';

/** All magics of the kernel, in the order of the help. */
export const MAGICS: readonly MagicDefinition[] = [
  connect,
  session,
  snapshot,
  publish,
  consume,
  services,
  service,
  swagger,
  files,
  workspace,
  status,
  helpMagic(() => MAGICS),
];

/** The magic of that name, with or without `%`. */
export function findMagic(name: string): MagicDefinition | undefined {
  const bare = name.replace(/^%+/, '');
  return MAGICS.find((magic) => magic.name === bare);
}
