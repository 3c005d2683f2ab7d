import type { Kysely } from 'kysely';
import type { Tables } from './tables.js';

/** What a user may do: Owner manages everything, Contributor their own, Reader nothing. */
export type Role = 'Owner' | 'Contributor' | 'Reader';

/** A local account. */
export interface UserRecord {
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
  readonly creationTime: string;
}

/** Local accounts. */
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
    return (
      row && {
        name: row.name,
        role: row.role as Role,
        passwordHash: row.password_hash,
        creationTime: row.creation_time,
      }
    );
  }

  /** Creates the account, or replaces the role and password of the one with its name. */
  async save(record: UserRecord): Promise<void> {
    const changes = { role: record.role, password_hash: record.passwordHash };
    await this.#db
      .insertInto('users')
      .values({ name: record.name, creation_time: record.creationTime, ...changes })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changes))
      .execute();
  }
}
