import type { Role, Store, UserRecord } from '../store/index.js';
import { wireTime } from '../time.js';
import { UnknownUserError, UnsuitableUserNameError } from './errors.js';
import { GivenPassword } from './given-password.js';
import { hashPassword, randomPassword } from './passwords.js';

/** The account that a new data directory has. */
export const ADMIN = 'admin';

/**
 * The role of an account when no roles are declared, as in R Server:
 * everyone manages their own, `admin` included.
 */
const DEFAULT_ROLE: Role = 'Contributor';

/** 1 to 128 characters without control characters. */
const USER_NAME = /^\P{Cc}{1,128}$/u;

/** What is known of an account before its password has been checked. */
interface Found {
  /** Undefined where there is no such account. */
  readonly user: string | undefined;
  /** Undefined where it has no password here. */
  readonly hash: string | undefined;
  /** Whether the password is known to be right without a check that takes its time. */
  readonly isPassword: boolean;
}

/** The accounts whose passwords are kept here, hashed. */
export class Accounts {
  readonly #store: Store;
  readonly #onChange: (name: string) => void;
  #given: GivenPassword | undefined;

  /** @param onChange told of an account whose tokens and role have to be looked up again */
  constructor(store: Store, onChange: (name: string) => void) {
    this.#store = store;
    this.#onChange = onChange;
  }

  /** Looks up who wants to log in. */
  async find(username: string, password: string): Promise<Found> {
    const record = await this.#store.users.find(username);
    const hash = record?.passwordHash;
    const isPassword = hash !== undefined && this.#given?.isPasswordOf(hash, password) === true;
    return { user: record?.name, hash, isPassword };
  }

  /**
   * Creates the account `admin` with a random password where there is none.
   * @returns the password, or undefined when the account was there
   */
  async ensureAdmin(): Promise<string | undefined> {
    if ((await this.#store.users.find(ADMIN))?.passwordHash !== undefined) {
      return undefined;
    }
    const password = randomPassword();
    await this.setPassword(ADMIN, password);
    return password;
  }

  /**
   * Gives `admin` a random password, which logs in without the time that others take: that of an
   * embedded server, which its user's programs read from a file.
   * @returns the password
   */
  async renewAdmin(): Promise<string> {
    const password = randomPassword();
    this.#given = new GivenPassword(password, await this.setPassword(ADMIN, password));
    return password;
  }

  /**
   * Sets the password of an account, which is created when it is new, and ends its logins.
   * @param role of the account; without it, it keeps the one that it has
   * @returns the hash that the account has now
   * @throws {UnsuitablePasswordError} or {UnsuitableUserNameError}
   */
  async setPassword(name: string, password: string, role?: Role): Promise<string> {
    if (!USER_NAME.test(name)) {
      throw new UnsuitableUserNameError();
    }
    const existing = await this.#store.users.find(name);
    const passwordHash = await hashPassword(password);
    await this.#store.users.save({
      name,
      role: role ?? (existing?.passwordHash === undefined ? DEFAULT_ROLE : existing.role),
      passwordHash,
      creationTime: wireTime(new Date()),
    });
    await this.#store.logins.deleteOfUser(name);
    this.#onChange(name);
    return passwordHash;
  }

  /**
   * Gives an account another role, at once.
   * @throws {UnknownUserError} when there is no local account of that name
   */
  async setRole(name: string, role: Role): Promise<void> {
    await this.#findAccount(name);
    await this.#store.users.setRole(name, role);
    this.#onChange(name);
  }

  /**
   * Removes an account, of a user of a directory what is kept of them, and ends their logins.
   * @throws {UnknownUserError}
   */
  async remove(name: string): Promise<void> {
    if (!(await this.#store.users.delete(name))) throw new UnknownUserError(name);
    this.#onChange(name);
  }

  async #findAccount(name: string): Promise<UserRecord> {
    const record = await this.#store.users.find(name);
    if (record?.passwordHash === undefined) throw new UnknownUserError(name);
    return record;
  }
}
