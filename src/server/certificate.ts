import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { HttpsConfig } from './config.js';

/** The link that Kubernetes exchanges when it renews the files of a mounted secret. */
const MOUNTED_DATA = '..data';

/** Thrown when certificate or key cannot be used; the message names the file. */
export class CertificateError extends Error {
  readonly code = 'CERTIFICATE';
  override readonly name = 'CertificateError';
}

/** A certificate with its key, as Node takes them. */
export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/**
 * Reads a certificate and its key, and checks that they belong together.
 * @throws {CertificateError}
 */
export async function readCertificate(config: HttpsConfig): Promise<TlsOptions> {
  const { certificateFile, keyFile } = config;
  const cert = await read(certificateFile, 'https.certificateFile');
  const key = await read(keyFile, 'https.keyFile');
  const { mode } = await stat(keyFile);
  if ((mode & 0o007) !== 0) {
    throw new CertificateError(
      `The key ${keyFile} is open to all users (mode ${(mode & 0o777).toString(8)}). Run: chmod o= '${keyFile}'`,
    );
  }
  const options = { cert, key, minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw new CertificateError(
      `The certificate ${certificateFile} and the key ${keyFile} cannot be used: ${(error as Error).message}. Both must be in PEM form, belong together, and the key must have no passphrase.`,
      { cause: error },
    );
  }
  return options;
}

async function read(path: string, setting: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CertificateError(`${setting} names ${path}, which cannot be read (${code}).`, {
      cause: error,
    });
  }
}

/** Who gets a new certificate, and where problems with it are told. */
interface CertificateReceiver {
  use(options: TlsOptions): void;
  readonly log: Logger;
}

/**
 * Gives a server its certificate again when the files change. Connections that are open keep the
 * one they began with. Of files that do not fit together yet, because only one of them has been
 * replaced, nothing is taken.
 */
export class CertificateReload {
  readonly #watchers: readonly FSWatcher[];
  #current: TlsOptions;
  #running: Promise<boolean> = Promise.resolve(false);
  #isWaiting = false;

  /** @param first what the server has now */
  constructor(
    private readonly config: HttpsConfig,
    first: TlsOptions,
    private readonly receiver: CertificateReceiver,
  ) {
    this.#current = first;
    // Folders, because whoever renews a certificate replaces the file, or a link on the way to it.
    const folders = new Set([dirname(config.certificateFile), dirname(config.keyFile)]);
    const { certificateFile, keyFile } = config;
    const names = new Set([basename(certificateFile), basename(keyFile), MOUNTED_DATA]);
    this.#watchers = [...folders].flatMap((folder) => {
      const unwatched = (error: unknown) =>
        receiver.log.error(
          { err: error },
          `${folder} cannot be watched for a new certificate. Send the server SIGHUP when there is one.`,
        );
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          if (name === null || names.has(name)) void this.reload();
        });
        return [watcher.on('error', unwatched)];
      } catch (error) {
        // ENOSPC and EMFILE: all that this user may watch is watched.
        unwatched(error);
        return [];
      }
    });
  }

  /** Reads the files, after what is being read now. @returns whether they were others */
  reload(): Promise<boolean> {
    // Many changes at once need one more look, after the last of them.
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#running = this.#running.then(() => this.#read());
    }
    return this.#running;
  }

  /** Looks no more. Idempotent. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  async #read(): Promise<boolean> {
    this.#isWaiting = false;
    try {
      const next = await readCertificate(this.config);
      const { cert, key } = this.#current;
      if (next.cert.equals(cert) && next.key.equals(key)) return false;
      this.receiver.use(next);
      this.#current = next;
      this.receiver.log.info('The server has a new certificate.');
      return true;
    } catch (error) {
      this.receiver.log.error({ err: error }, 'The new certificate is not used.');
      return false;
    }
  }
}
