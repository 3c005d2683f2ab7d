import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PASSWORD_FILE } from './accounts.js';
import { auditCommand } from './audit/index.js';
import { ADMIN, Authenticator, SigningKeys } from './auth/index.js';
import { CONFIG_DEFAULTS } from './config.js';
import { ensureClosedDirectory } from './files.js';
import { DATABASE_FILE, openStore, type Role, type Store } from './store/index.js';

/** Thrown when an account is to be added that is there. */
export class AccountExistsError extends Error {
  readonly code = 'ACCOUNT_EXISTS';
  override readonly name = 'AccountExistsError';

  constructor(name: string) {
    super(
      `There is an account ${JSON.stringify(name)} already. "slipway user password" and "slipway user role" change it.`,
    );
  }
}

/** Thrown when the account is to be removed that each start of a server would create again. */
export class AdminStaysError extends Error {
  readonly code = 'ADMIN_STAYS';
  override readonly name = 'AdminStaysError';

  constructor() {
    super(
      `The account ${ADMIN} cannot be removed: the next start would make it again. Give it a long random password instead, or the role Reader.`,
    );
  }
}

/** Thrown when accounts are asked for where none can be. */
export class NoAccountsError extends Error {
  readonly code = 'NO_ACCOUNTS';
  override readonly name = 'NoAccountsError';

  constructor(dataDirectory: string) {
    super(
      `${dataDirectory} is not the data directory of a server, so that it has no accounts. Name the one you mean with --data or SLIPWAY_HOME. "slipway user add" and "slipway user password" begin a new one.`,
    );
  }
}

/** An account as a list shows it. */
export interface AccountSummary {
  readonly name: string;
  readonly role: Role;
  readonly creationTime: string;
}

/** What belongs to the name of a user, and stays when the account goes. */
export interface Holdings {
  readonly services: number;
  readonly snapshots: number;
}

/**
 * The local accounts of a data directory, whether a server runs on it or not. A running server takes
 * notice within a minute, and at once for who logs in.
 */
export class UserManagement {
  private constructor(
    private readonly dataDirectory: string,
    private readonly store: Store,
    private readonly auth: Authenticator,
  ) {}

  /**
   * Opens the accounts of a data directory, which is created when it is not there.
   * @param options with `existing` a directory that is none is left alone
   * @throws {NoAccountsError}
   */
  static async open(
    dataDirectory: string,
    options: { readonly existing?: boolean } = {},
  ): Promise<UserManagement> {
    if (options.existing && !existsSync(join(dataDirectory, DATABASE_FILE))) {
      throw new NoAccountsError(dataDirectory);
    }
    await ensureClosedDirectory(dataDirectory);
    const store = await openStore(dataDirectory);
    try {
      const keys = await SigningKeys.open(dataDirectory);
      const { authorization } = CONFIG_DEFAULTS;
      return new UserManagement(
        dataDirectory,
        store,
        new Authenticator({ store, keys, authorization }),
      );
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Creates an account.
   * @throws {AccountExistsError} {UnsuitablePasswordError} {UnsuitableUserNameError}
   */
  async add(name: string, password: string, role?: Role): Promise<void> {
    if ((await this.store.users.find(name))?.passwordHash !== undefined) {
      throw new AccountExistsError(name);
    }
    await this.#setPassword(name, password, role);
    this.#note('add', { name, role: role ?? 'Contributor' });
  }

  /**
   * Sets the password of an account and ends its logins; it is created when it is new.
   * @throws {UnsuitablePasswordError} {UnsuitableUserNameError}
   */
  async setPassword(name: string, password: string): Promise<void> {
    await this.#setPassword(name, password);
    this.#note('password', { name });
  }

  /** @throws {UnknownUserError} */
  async setRole(name: string, role: Role): Promise<void> {
    await this.auth.accounts.setRole(name, role);
    this.#note('role', { name, role });
  }

  /**
   * Removes an account and ends its logins.
   * @returns what stays under its name
   * @throws {UnknownUserError} {AdminStaysError}
   */
  async remove(name: string): Promise<Holdings> {
    if (name === ADMIN) throw new AdminStaysError();
    await this.auth.accounts.remove(name);
    this.#note('remove', { name });
    const services = (await this.store.services.list()).filter(({ owner }) => owner === name);
    const snapshots = await this.store.snapshots.list(name);
    return { services: services.length, snapshots: snapshots.length };
  }

  /** The local accounts by name. */
  async list(): Promise<AccountSummary[]> {
    const records = await this.store.users.list();
    return records
      .filter(({ passwordHash }) => passwordHash !== undefined)
      .map(({ name, role, creationTime }) => ({ name, role, creationTime }));
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  #note(change: string, subject: Readonly<Record<string, string>>): void {
    auditCommand(this.dataDirectory, `slipway user ${change}`, subject);
  }

  async #setPassword(name: string, password: string, role?: Role): Promise<void> {
    await this.auth.accounts.setPassword(name, password, role);
    if (name === ADMIN) await rm(join(this.dataDirectory, PASSWORD_FILE), { force: true });
  }
}
