import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureClosedDirectory, writePrivateFile } from '../files.js';

const RSA_BITS = 2048;
const KEY_FILE = 'rs512.pem';
/** `former.<end, Unix seconds>.<id>.pem`: a public key whose tokens may still be about. */
const FORMER_FILE = /^former\.(\d{1,12})\.([\w-]{43})\.pem$/;

/** The pair of keys that access tokens are signed and checked with. */
export interface SigningKey {
  /** SHA-256 of the public key, in base64url: `kid` in the header of its tokens. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Thrown at the start of a server whose key file cannot be used. */
export class SigningKeyError extends Error {
  readonly code = 'SIGNING_KEY';
  override readonly name = 'SigningKeyError';
}

/**
 * The keys of a data directory: one that signs, and those before it, until the last token that each
 * has signed is over. Another process can exchange the key with {@link rotateSigningKey}; that is
 * noticed at the next login, and at the next token that is not known already.
 */
export class SigningKeys {
  #current: SigningKey;
  #former: ReadonlyMap<string, FormerKey>;
  #seen: string;

  private constructor(
    private readonly directory: string,
    { current, former, version }: Loaded,
  ) {
    this.#current = current;
    this.#former = former;
    this.#seen = version;
  }

  /**
   * Reads the keys of a data directory, and generates the first one.
   * @throws {SigningKeyError} when a file is there but holds no RSA key
   */
  static async open(dataDirectory: string): Promise<SigningKeys> {
    const directory = await keyDirectory(dataDirectory);
    if ((await versionOf(directory)) === undefined) {
      const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
      await writePrivateFile(join(directory, KEY_FILE), toPem(privateKey));
    }
    return new SigningKeys(directory, await load(directory));
  }

  /** The one that signs. @throws {SigningKeyError} when it was exchanged for something else */
  async current(): Promise<SigningKey> {
    await this.#refresh();
    return this.#current;
  }

  /**
   * The public key with an id; undefined for one that is not, or no longer, among the keys.
   * @throws {SigningKeyError}
   */
  async find(id: string): Promise<KeyObject | undefined> {
    await this.#refresh();
    if (id === this.#current.id) return this.#current.publicKey;
    const former = this.#former.get(id);
    return former !== undefined && Date.now() < former.end * 1000 ? former.key : undefined;
  }

  /** Milliseconds since the key that signs was made. */
  async age(): Promise<number> {
    return Date.now() - (await stat(join(this.directory, KEY_FILE))).mtimeMs;
  }

  async #refresh(): Promise<void> {
    if ((await versionOf(this.directory)) === this.#seen) return;
    const { current, former, version } = await load(this.directory);
    this.#current = current;
    this.#former = former;
    this.#seen = version;
  }
}

/**
 * Exchanges the key that signs, whether a server runs or not. The public part of the one before is
 * kept for as long as its tokens can last, so that nobody is logged out.
 * @param lifetime of a token, in seconds
 * @returns the id of the new key
 * @throws {SigningKeyError}
 */
export async function rotateSigningKey(dataDirectory: string, lifetime: number): Promise<string> {
  const directory = await keyDirectory(dataDirectory);
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const now = Math.floor(Date.now() / 1000);
  await removeOver(directory, now);
  const pem = await readIfThere(join(directory, KEY_FILE));
  if (pem !== undefined) {
    const old = parse(pem, join(directory, KEY_FILE));
    // A login that began before the exchange may sign with the old key a moment after it.
    const end = now + lifetime + MARGIN;
    const exported = old.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    await writePrivateFile(join(directory, `former.${end}.${old.id}.pem`), exported);
  }
  await writePrivateFile(join(directory, KEY_FILE), toPem(privateKey));
  return idOf(createPublicKey(privateKey));
}

/** Seconds that a key is kept beyond the life of its last token. */
const MARGIN = 300;

/** The public part of a key that signs no more. */
interface FormerKey {
  readonly key: KeyObject;
  /** Unix seconds until which tokens of it count. */
  readonly end: number;
}

interface Loaded {
  readonly current: SigningKey;
  readonly former: ReadonlyMap<string, FormerKey>;
  /** Of the file that was read. */
  readonly version: string;
}

async function load(directory: string): Promise<Loaded> {
  const path = join(directory, KEY_FILE);
  // The version first: what is exchanged in between is read again the next time.
  const version = await versionOf(directory);
  const pem = await readIfThere(path);
  if (pem === undefined || version === undefined) {
    throw new SigningKeyError(
      `The signing key ${path} is gone. Restore it, or start the server again to get a new one; every user then has to log in again.`,
    );
  }
  const former = new Map<string, FormerKey>();
  const now = Date.now() / 1000;
  for (const name of await readdir(directory)) {
    const [, end, id] = FORMER_FILE.exec(name) ?? [];
    if (id === undefined || Number(end) <= now) continue;
    const text = await readIfThere(join(directory, name));
    if (text === undefined) continue;
    const key = createPublicKey(text);
    if (idOf(key) === id) former.set(id, { key, end: Number(end) });
  }
  return { current: parse(pem, path), former, version };
}

function parse(pem: string, path: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new SigningKeyError(
      `The signing key ${path} cannot be read: ${(error as Error).message}. Restore it, or delete it to get a new one; every user then has to log in again.`,
      { cause: error },
    );
  }
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new SigningKeyError(
      `The signing key ${path} is not an RSA key. Restore it, or delete it to get a new one; every user then has to log in again.`,
    );
  }
  const publicKey = createPublicKey(privateKey);
  return { id: idOf(publicKey), privateKey, publicKey };
}

function idOf(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(bytes).digest('base64url');
}

function toPem(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function keyDirectory(dataDirectory: string): Promise<string> {
  await ensureClosedDirectory(dataDirectory);
  const directory = join(dataDirectory, 'keys');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Removes the keys whose tokens are all over. */
async function removeOver(directory: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const [, end] = FORMER_FILE.exec(name) ?? [];
    if (end !== undefined && Number(end) <= now) await rm(join(directory, name), { force: true });
  }
}

/** What changes when the key file is replaced; undefined when there is none. */
async function versionOf(directory: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs, size } = await stat(join(directory, KEY_FILE));
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
