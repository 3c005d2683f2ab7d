import { rotateKey } from '../server/index.js';
import { dataDirectory } from './settings.js';

/** Exchanges the key that signs access tokens. */
export async function exchangeKey({ data }: { readonly data?: string }): Promise<void> {
  const id = await rotateKey(dataDirectory(data));
  process.stdout.write(
    `New access tokens are signed by the key ${id}. Those of the key before count until they expire; nobody is logged out.\n`,
  );
}
