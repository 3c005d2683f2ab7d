import type { Kysely } from 'kysely';
import type { Tables } from './tables.js';

/** Who has checked the password of a login: this server, or the directory that it asks. */
export type LoginSource = 'local' | 'ldap';

/**
 * One login and its renewals: a family of tokens. It keeps only what identifies the current pair;
 * a refresh token of the family that is not the current one was used before.
 */
export interface LoginRecord {
  readonly id: string;
  readonly user: string;
  readonly source: LoginSource;
  /** `jti` of the access token that is valid now. */
  readonly accessId: string;
  /** SHA-256 of the refresh token that is valid now, in hexadecimal. */
  readonly refreshHash: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Unix milliseconds. */
  readonly renewedAt: number;
}

/** Logins that can still be renewed. */
export class LoginStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @returns whether the user is there; one may be removed while their password is checked */
  async insert(record: LoginRecord): Promise<boolean> {
    const { id, source, accessId, refreshHash, startedAt, renewedAt } = record;
    const { numInsertedOrUpdatedRows = 0n } = await this.#db
      .insertInto('logins')
      .columns([
        ...(['user_name', 'id', 'source', 'access_id'] as const),
        ...(['refresh_hash', 'started_at', 'renewed_at'] as const),
      ])
      .expression((eb) =>
        eb
          .selectFrom('users')
          .where('name', '=', record.user)
          .select(['name', eb.val(id).as('id'), eb.val(source).as('source')])
          .select([eb.val(accessId).as('access'), eb.val(refreshHash).as('hash')])
          .select([eb.val(startedAt).as('started'), eb.val(renewedAt).as('renewed')]),
      )
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows > 0n;
  }

  async find(id: string): Promise<LoginRecord | undefined> {
    const row = await this.#db
      .selectFrom('logins')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return (
      row && {
        id: row.id,
        user: row.user_name,
        source: row.source as LoginSource,
        accessId: row.access_id,
        refreshHash: row.refresh_hash,
        startedAt: row.started_at,
        renewedAt: row.renewed_at,
      }
    );
  }

  /**
   * Makes a new pair the current one, if the old refresh token still is.
   * @returns whether it was; of two renewals with one token only the first succeeds
   */
  async rotate(
    id: string,
    oldRefreshHash: string,
    next: Pick<LoginRecord, 'accessId' | 'refreshHash' | 'renewedAt'>,
  ): Promise<boolean> {
    const result = await this.#db
      .updateTable('logins')
      .set({
        access_id: next.accessId,
        refresh_hash: next.refreshHash,
        renewed_at: next.renewedAt,
      })
      .where('id', '=', id)
      .where('refresh_hash', '=', oldRefreshHash)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async delete(id: string): Promise<void> {
    await this.#db.deleteFrom('logins').where('id', '=', id).execute();
  }

  async deleteOfUser(user: string): Promise<void> {
    await this.#db.deleteFrom('logins').where('user_name', '=', user).execute();
  }

  /** Forgets the logins renewed last, or started, before these times (Unix milliseconds). */
  async deleteOlder(renewedBefore: number, startedBefore: number): Promise<void> {
    await this.#db
      .deleteFrom('logins')
      .where((where) =>
        where.or([
          where('renewed_at', '<', renewedBefore),
          where('started_at', '<', startedBefore),
        ]),
      )
      .execute();
  }
}
