import { OwnFileError, type OwnFileProblem, readOwnFile } from '../own-file.js';
import { SecretFileError } from './errors.js';

const DISTRUST: Readonly<Record<OwnFileProblem, string>> = {
  unreadable: 'which cannot be read. Check who may read it.',
  'no regular file': 'which is no regular file of at most 1 MiB.',
  'of another user': 'which belongs to another user, who can change it. Use a file of your own.',
};

/**
 * The secret in a file: all of it, without the line break at its end. The file is this user's, or
 * the administrator's as in a container, and closed to all others.
 * @param where the setting that names the file
 * @throws {SecretFileError}
 */
export async function readSecretFile(path: string, where: string): Promise<string> {
  const named = `${where} names ${path},`;
  let file: Awaited<ReturnType<typeof readOwnFile>>;
  try {
    file = await readOwnFile(path, 'root');
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw new SecretFileError(`${named} ${DISTRUST[error.problem]}`, { cause: error });
  }
  if (file === undefined) throw new SecretFileError(`${named} which is not there.`);
  if (process.getuid !== undefined && (file.mode & 0o077) !== 0) {
    const octal = file.mode.toString(8).padStart(3, '0');
    throw new SecretFileError(
      `${named} which is open to other users (mode ${octal}). Run: chmod 600 '${path}'`,
    );
  }
  const secret = file.text.replace(/\r?\n$/, '');
  if (secret === '' || /[\r\n]/.test(secret)) {
    throw new SecretFileError(`${named} which must hold one line, the secret alone.`);
  }
  return secret;
}
