import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { migrate } from '../../src/server/store/migrations.js';
import { NodeSqliteDialect, openDatabase } from '../../src/server/store/sqlite-dialect.js';
import type { Tables } from '../../src/server/store/tables.js';
import { send, testConfig } from '../support/server.js';

/**
 * What the server of the first released layout has left: the accounts `admin` ("the first password")
 * and `ana` ("another password") with a login, a snapshot, a service of it and one of its own.
 */
const FIRST = resolve(import.meta.dirname, '../fixtures/schema-0001');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-migrations-'));
  await cp(join(FIRST, 'blobs'), join(directory, 'blobs'), { recursive: true });
  const database = new DatabaseSync(join(directory, 'slipway.db'), {
    // The dump makes tables in the order of their names.
    enableForeignKeyConstraints: false,
  });
  database.exec(await readFile(join(FIRST, 'slipway.sql'), 'utf8'));
  // Logins end by their age.
  database
    .prepare('update logins set started_at = :now, renewed_at = :now')
    .run({ now: Date.now() });
  database.close();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** All that a database holds: its tables as they are declared, and their rows. */
function contents(name = 'slipway.db'): unknown {
  const database = new DatabaseSync(join(directory, name), { readOnly: true });
  try {
    const tables = database.prepare('select name, sql from sqlite_master order by name').all();
    const rows = tables
      .filter(({ sql }) => String(sql).startsWith('CREATE TABLE'))
      .map(({ name: table }) => database.prepare(`select * from "${table}"`).all());
    return { tables, rows };
  } finally {
    database.close();
  }
}

describe('a data directory of the first released layout', () => {
  it('keeps users, logins, snapshots and services when this version starts on it', async () => {
    const server = await createServer(testConfig(directory, { embedded: false }));
    try {
      await server.listen();
      const { url } = server;
      const login = async (username: string, password: string) => {
        const answer = await send(url, null, 'POST', '/login', { json: { username, password } });
        expect(answer.status).toBe(200);
        return answer.json<{ access_token: string }>().access_token;
      };
      expect(server.adminPassword).toBeUndefined();
      const admin = await login('admin', 'the first password');
      const ana = await login('ana', 'another password');

      const json = JSON.parse(await readFile(join(FIRST, 'login.json'), 'utf8')) as object;
      const renewed = await send(url, null, 'POST', '/login/refreshToken', { json });
      expect(renewed.status).toBe(200);

      const snapshots = (await send(url, ana, 'GET', '/snapshots')).json<
        { id: string; name: string }[]
      >();
      expect(snapshots).toMatchObject([{ name: 'kept' }]);
      const zip = await send(url, ana, 'GET', `/snapshots/${snapshots[0]?.id}`);
      expect(zip.text).toContain('kept from the first release');

      const triple = await send(url, ana, 'GET', '/services/triple/1.0');
      expect(triple.json()).toMatchObject([
        { name: 'triple', description: 'Multiplies.', operationId: 'triple' },
      ]);
      const called = await send(url, ana, 'POST', '/api/triple/1.0', { json: { x: 14 } });
      expect(called.json()).toMatchObject({ success: true, outputParameters: { y: 42 } });
      const plain = await send(url, admin, 'POST', '/api/plain/2.0', { json: {} });
      expect(plain.json()).toMatchObject({ success: true, outputParameters: { y: 1 } });
    } finally {
      await server.close();
    }
  });

  it('is copied as it was before that', async () => {
    const before = contents();
    const server = await createServer(testConfig(directory, { embedded: false }));
    await server.close();
    expect(contents('slipway.db.before-migration')).toEqual(before);
    const { mode } = await stat(join(directory, 'slipway.db.before-migration'));
    expect(mode & 0o777).toBe(0o600);
    expect(contents()).not.toEqual(before);
  });
});

describe('a migration that fails', () => {
  const steps = (last: Migration['up']): Record<string, Migration> => ({
    '0001-first-tables': { up: async () => {} },
    '9998-good': {
      async up(db) {
        await db.schema.alterTable('users').addColumn('colour', 'text').execute();
        await db.schema.dropTable('snapshots').execute();
      },
    },
    '9999-last': { up: last },
  });
  const run = async (last: Migration['up']) => {
    const db = new Kysely<Tables>({
      dialect: new NodeSqliteDialect(() => openDatabase(join(directory, 'slipway.db'))),
    });
    try {
      await migrate(db, join(directory, 'copy.db'), steps(last));
    } finally {
      await db.destroy();
    }
  };

  it('leaves the database as it was, the steps before it included, and says which it is', async () => {
    const before = contents();
    const attempt = run(async (db) => {
      await db.schema.dropTable('services').execute();
      throw new Error('The disk is full');
    });
    await expect(attempt).rejects.toThrow(/\(step 9999-last\): The disk is full\. It was left as/);
    expect(contents()).toEqual(before);
    expect(contents('copy.db')).toEqual(before);
  });

  it('can be tried again', async () => {
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await run(async () => {});
    expect(contents()).toMatchObject({ tables: expect.arrayContaining([expect.anything()]) });
    expect(JSON.stringify(contents())).toContain('colour');
  });

  it('may make a table anew without losing what refers to its rows', async () => {
    await run(async (db) => {
      await sql`create table new_users (name text primary key, role text not null)`.execute(db);
      await sql`insert into new_users select name, role from users`.execute(db);
      await db.schema.dropTable('users').execute();
      await db.schema.alterTable('new_users').renameTo('users').execute();
    });
    const database = new DatabaseSync(join(directory, 'slipway.db'));
    const users = database.prepare('select user_name from logins order by 1').all();
    expect(users).toEqual([{ user_name: 'admin' }, { user_name: 'ana' }]);
    expect(database.prepare('pragma foreign_key_check').all()).toEqual([]);
    database.close();
  });
});

describe('a new data directory', () => {
  it('has no copy of a database that was not there', async () => {
    const fresh = join(directory, 'fresh');
    await mkdir(fresh);
    const server = await createServer(testConfig(fresh, { embedded: false }));
    await server.close();
    await expect(stat(join(fresh, 'slipway.db.before-migration'))).rejects.toThrow('ENOENT');
  });
});
