import type { AuthorizationConfig } from '../config.js';
import type { Role, Store, UserRecord } from '../store/index.js';
import { wireTime } from '../time.js';
import { DirectoryUnavailableError } from './errors.js';

/** A user as a directory knows them. */
export interface DirectoryUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Where users, their passwords and their groups are kept, such as LDAP. */
export interface Directory {
  /**
   * Who has this name and this password; undefined when nobody has.
   * @throws {DirectoryUnavailableError}
   */
  login(username: string, password: string): Promise<DirectoryUser | undefined>;
  /**
   * The user whom {@link login} has called so; undefined when they are gone or disabled.
   * @throws {DirectoryUnavailableError}
   */
  find(name: string): Promise<DirectoryUser | undefined>;
  /** The role that groups give. */
  roleOf(groups: readonly string[]): Role;
}

/** The users of a directory who have logged in here, with the groups that it told last. */
export class DirectoryUsers {
  /** Questions that are under way, by the name of the user. */
  readonly #asking = new Map<string, Promise<readonly string[] | undefined>>();

  constructor(
    private readonly directory: Directory,
    private readonly store: Store,
    private readonly authorization: Pick<AuthorizationConfig, 'cacheLifetime'>,
  ) {}

  /**
   * @returns the name of the user; undefined when there is none with this name and password
   * @throws {DirectoryUnavailableError}
   */
  async login(username: string, password: string): Promise<string | undefined> {
    const user = await this.directory.login(username, password);
    if (user !== undefined) await this.#keep(user);
    return user?.name;
  }

  /**
   * Whether the directory still has a user; its answer is believed for a while.
   * @throws {DirectoryUnavailableError}
   */
  async isThere(name: string): Promise<boolean> {
    const record = await this.store.users.find(name);
    return record !== undefined && (await this.#groupsOf(record)) !== undefined;
  }

  /**
   * The role of a user; undefined when the directory has them no more. While it cannot be asked,
   * they keep the role that they had: until their access token has to be renewed.
   */
  async roleOf(record: UserRecord): Promise<Role | undefined> {
    let groups: readonly string[] | undefined;
    try {
      groups = await this.#groupsOf(record);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailableError)) throw error;
      groups = record.groups?.names ?? [];
    }
    return groups && this.directory.roleOf(groups);
  }

  async #groupsOf({ name, groups }: UserRecord): Promise<readonly string[] | undefined> {
    const age = Date.now() - (groups?.askedAt ?? 0);
    if (groups !== undefined && age < this.authorization.cacheLifetime * 1000) return groups.names;
    const asking = this.#asking.get(name) ?? this.#ask(name);
    this.#asking.set(name, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(name);
    }
  }

  async #ask(name: string): Promise<readonly string[] | undefined> {
    const user = await this.directory.find(name);
    if (user === undefined) {
      await this.store.logins.deleteOfUser(name);
      return undefined;
    }
    await this.#keep({ ...user, name });
    return user.groups;
  }

  async #keep({ name, groups }: DirectoryUser): Promise<void> {
    const now = new Date();
    await this.store.users.saveGroups(
      name,
      { names: groups, askedAt: now.getTime() },
      wireTime(now),
    );
  }
}
