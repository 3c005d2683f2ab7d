import { resolve } from 'node:path';
import { isObject, readSecretFile } from '../../client/index.js';
import { ServerSettingError } from './errors.js';

/** Where a secret is, instead of the secret itself. */
export type SecretReference =
  | { readonly file: string; readonly environment?: undefined }
  | { readonly environment: string; readonly file?: undefined };

/** Whether a member of the configuration file says where a secret is. */
export function isSecretReference(value: unknown): value is SecretReference {
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  const { file, environment } = value;
  return (typeof file === 'string' && file !== '') || typeof environment === 'string';
}

/**
 * The secret that a reference means. A variable is taken out of the environment, which the
 * processes that the server starts would inherit.
 * @param where it stands, for a message
 * @param base folder from which a relative path is meant
 * @throws {SecretFileError} for a file that is missing, empty or open to others
 * @throws {ServerSettingError} for a variable that is not set
 */
export async function readSecretReference(
  reference: SecretReference,
  where: string,
  base: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (reference.file !== undefined) return readSecretFile(resolve(base, reference.file), where);
  const secret = env[reference.environment];
  if (!secret) {
    throw new ServerSettingError(
      `${where} names the variable ${reference.environment}, which is not set.`,
    );
  }
  delete env[reference.environment];
  return secret;
}
