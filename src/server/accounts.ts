import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN, Authenticator, loadSigningKey } from './auth/index.js';
import type { ServerConfig } from './config.js';
import { writePrivateFile } from './files.js';
import { openStore } from './store/index.js';

/** Holds the password that the first start gave to `admin`, until it is changed. */
export const PASSWORD_FILE = 'admin-password';

/**
 * Gives `admin` a password. An embedded server takes a new one at each start, because only
 * `runtime.json` has to know it; otherwise the first start leaves it in a file for its owner.
 * @returns the password when it is new
 */
export async function prepareAdmin(
  config: ServerConfig,
  auth: Authenticator,
): Promise<string | undefined> {
  if (config.embedded) return auth.renewAdmin();
  const password = await auth.ensureAdmin();
  if (password !== undefined) {
    await writePrivateFile(join(config.dataDirectory, PASSWORD_FILE), `${password}\n`);
  }
  return password;
}

/**
 * Sets the password of an account, which is created when it is new, whether a server runs or not.
 * A running server takes notice within a minute.
 * @throws {UnsuitablePasswordError}
 */
export async function setUserPassword(
  dataDirectory: string,
  name: string,
  password: string,
): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await chmod(dataDirectory, 0o700);
  const store = await openStore(dataDirectory);
  try {
    const auth = new Authenticator(store, await loadSigningKey(dataDirectory));
    await auth.setPassword(name, password);
  } finally {
    await store.close();
  }
  if (name === ADMIN) {
    await rm(join(dataDirectory, PASSWORD_FILE), { force: true });
  }
}
