import { resolve } from 'node:path';
import { backUp, restore } from '../server/index.js';
import { dataDirectory } from './settings.js';

/** `slipway server backup FOLDER`: copies the data of a server, which may run meanwhile. */
export async function makeBackup(target: string, options: { data?: string }): Promise<void> {
  const directory = dataDirectory(options.data);
  const { files, bytes } = await backUp(directory, resolve(target));
  process.stdout.write(
    `Backed up ${directory} to ${resolve(target)}: ${files} files, ${describeBytes(bytes)}. It holds what logs in and signs tokens: keep it as safe as the server.\n`,
  );
}

/** `slipway server restore FOLDER`: puts a backup into a data directory that no server uses. */
export async function restoreBackup(
  source: string,
  options: { data?: string; replace?: boolean },
): Promise<void> {
  const directory = dataDirectory(options.data);
  const { backup, replaced } = await restore(resolve(source), directory, options);
  const kept = replaced === undefined ? '' : ` What was there is in ${replaced}.`;
  process.stdout.write(
    `Restored the backup of ${backup.createdAt} to ${directory}: ${backup.files} files.${kept}\n`,
  );
}

function describeBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
