import type { Kysely } from 'kysely';
import type { Tables, UsersTable } from './tables.js';

/** What a user may do: Owner manages everything, Contributor their own, Reader nothing. */
export type Role = 'Owner' | 'Contributor' | 'Reader';

/** What a directory has told of the groups of a user. */
export interface KnownGroups {
  readonly names: readonly string[];
  /** When it was asked, in Unix milliseconds. */
  readonly askedAt: number;
}

/** A local account, or a user of a directory who has logged in here. */
export interface UserRecord {
  readonly name: string;
  /** Of a local account. That of a directory's user comes from their groups. */
  readonly role: Role;
  /** Undefined where there is no local account. */
  readonly passwordHash: string | undefined;
  readonly creationTime: string;
  /** Undefined for who has never come from a directory. */
  readonly groups: KnownGroups | undefined;
}

/** Local accounts, and users of a directory. */
export class UserStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async find(name: string): Promise<UserRecord | undefined> {
    const row = await this.#db
      .selectFrom('users')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row && toRecord(row);
  }

  /** All of them by name. */
  async list(): Promise<UserRecord[]> {
    const rows = await this.#db.selectFrom('users').selectAll().orderBy('name').execute();
    return rows.map(toRecord);
  }

  /** Creates the account, or replaces the role and password of the one with its name. */
  async save(
    record: Pick<UserRecord, 'name' | 'role' | 'creationTime'> & { readonly passwordHash: string },
  ): Promise<void> {
    const changes = { role: record.role, password_hash: record.passwordHash };
    await this.#db
      .insertInto('users')
      .values({ name: record.name, creation_time: record.creationTime, ...changes })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changes))
      .execute();
  }

  /** Keeps what a directory has told of a user; a local account of that name keeps its password. */
  async saveGroups(name: string, groups: KnownGroups, creationTime: string): Promise<void> {
    const changes = { groups: JSON.stringify(groups.names), groups_at: groups.askedAt };
    await this.#db
      .insertInto('users')
      .values({
        name,
        creation_time: creationTime,
        role: 'Reader',
        password_hash: NO_PASSWORD,
        ...changes,
      })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changes))
      .execute();
  }

  /** @returns whether there was such an account */
  async setRole(name: string, role: Role): Promise<boolean> {
    const result = await this.#db
      .updateTable('users')
      .set({ role })
      .where('name', '=', name)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Forgets the account, and with it its logins. @returns whether there was one */
  async delete(name: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('users').where('name', '=', name).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}

/** Stands for the hash of users of a directory, who have no password here. */
const NO_PASSWORD = '';

function toRecord(row: UsersTable): UserRecord {
  return {
    name: row.name,
    role: row.role as Role,
    passwordHash: row.password_hash === NO_PASSWORD ? undefined : row.password_hash,
    creationTime: row.creation_time,
    groups:
      row.groups === null
        ? undefined
        : { names: JSON.parse(row.groups) as string[], askedAt: Number(row.groups_at) },
  };
}
