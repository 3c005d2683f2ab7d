import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LdapConfig } from '../../src/server/config.js';
import {
  CONFIG_DEFAULTS,
  createServer,
  type ServerConfig,
  type SlipwayServer,
} from '../../src/server/index.js';
import { findSlapd } from '../support/requirements.js';
import { projectRoot, send, testConfig } from '../support/server.js';
import { groupDn, QUERY_USER, Slapd, userDn } from '../support/slapd.js';

const CA = join(projectRoot, 'test/support/certificates/ca.pem');

describe.runIf(findSlapd() !== undefined)('a server whose passwords a directory checks', () => {
  let slapd: Slapd;
  let base: string;
  const started: SlipwayServer[] = [];
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'slipway-ldap-'));
    slapd = await Slapd.start();
  });
  afterAll(async () => {
    for (const server of started) await server.close();
    await slapd?.stop();
    await rm(base, { recursive: true, force: true });
  });

  function settings(ldap: Partial<LdapConfig>, authorization = {}): Partial<ServerConfig> {
    return {
      embedded: false,
      authorization: {
        ...CONFIG_DEFAULTS.authorization,
        owner: ['Administrators'],
        contributor: [groupDn('modellers').toUpperCase()],
        ...authorization,
      },
      authentication: {
        ldap: {
          host: '127.0.0.1',
          port: slapd.port,
          useLdaps: false,
          startTls: false,
          caFile: undefined,
          insecure: false,
          queryUserDn: QUERY_USER.dn,
          queryUserPassword: QUERY_USER.password,
          searchBase: 'ou=users,dc=example,dc=org',
          searchFilter: 'cn={0}',
          uniqueUserIdentifierAttributeName: 'userPrincipalName',
          groupSearchBase: 'ou=groups,dc=example,dc=org',
          timeout: 5,
          ...ldap,
        },
      },
    };
  }

  async function start(ldap: Partial<LdapConfig> = {}, authorization = {}): Promise<SlipwayServer> {
    const dataDirectory = await mkdtemp(join(base, 'data-'));
    const server = await createServer(testConfig(dataDirectory, settings(ldap, authorization)));
    started.push(server);
    await server.listen();
    return server;
  }

  interface Tokens {
    readonly access_token: string;
    readonly refresh_token: string;
  }

  const logIn = (server: SlipwayServer, username: string, password: string) =>
    send(server.url, null, 'POST', '/login', { json: { username, password } });

  /** The status and code of a login. */
  async function outcome(server: SlipwayServer, username: string, password: string) {
    const answer = await logIn(server, username, password);
    return answer.status === 200
      ? '200'
      : `${answer.status} ${answer.json<{ exceptionType: string }>().exceptionType}`;
  }

  /** What somebody may do, by what a publication is answered. */
  async function roleOf(server: SlipwayServer, token: string): Promise<string> {
    const nodes = await send(server.url, token, 'GET', '/sessions');
    if (nodes.status !== 200) return `${nodes.status}`;
    const { users } = server.context.store;
    const { name } = await server.context.auth.authenticate(token);
    expect(await users.find(name)).toBeDefined();
    return (await server.context.auth.authenticate(token)).role;
  }

  describe('lets users in', () => {
    let server: SlipwayServer;
    beforeAll(async () => {
      server = await start();
    });

    it.each([
      ['ada', 'Owner'],
      ['bob', 'Contributor'],
      ['eve', 'Reader'],
    ])('%s, as %s by their groups', async (name, role) => {
      const answer = await logIn(server, name, `the password of ${name}`);
      expect(answer.status).toBe(200);
      const { access_token: token } = answer.json<Tokens>();
      expect(await roleOf(server, token)).toBe(role);
      expect((await server.context.auth.authenticate(token)).name).toBe(`${name}@example.org`);
    });

    it('by names in which characters have a meaning in filters', async () => {
      expect(await outcome(server, 'a*b (c), d', 'the password of odd')).toBe('200');
    });

    it.each([
      ['a wrong password', 'ada', 'the password of bob'],
      ['an unknown user', 'nobody', 'the password of ada'],
      // Directories take this for a wish to be nobody, and say yes.
      ['no password', 'ada', ''],
      ['a password that ends before it begins', 'ada', '\0'],
      ['a star', '*', 'the password of ada'],
      ['a filter', 'ada)(objectClass=*', 'the password of ada'],
      ['a distinguished name', userDn('ada'), 'the password of ada'],
      ['the account of R Server', 'admin', 'the password of ada'],
      ['the query user', 'reader', QUERY_USER.password],
    ])('but not with %s', async (_what, name, password) => {
      expect(await outcome(server, name, password)).toMatch(/^(401 WRONG_PASSWORD|400 )/);
    });

    it('and has no password for admin', () => {
      expect(server.adminPassword).toBeUndefined();
    });
  });

  it('knows nobody where a filter finds several', async () => {
    const server = await start({ searchFilter: '(&(sn=twin)(!(cn={0})))' });
    expect(await outcome(server, 'other', 'the password of twins')).toBe('401 WRONG_PASSWORD');
  });

  describe('speaks TLS', () => {
    it.each([
      ['LDAPS', { useLdaps: true }],
      ['StartTLS', { startTls: true }],
    ])('by %s, and trusts the authority that is set alone', async (_name, way) => {
      const port = 'useLdaps' in way ? slapd.tlsPort : slapd.port;
      const trusting = await start({ ...way, port, caFile: CA });
      expect(await outcome(trusting, 'ada', 'the password of ada')).toBe('200');
      const stranger = await start({ ...way, port });
      expect(await outcome(stranger, 'ada', 'the password of ada')).toBe(
        '503 DIRECTORY_UNAVAILABLE',
      );
    });

    it.each(['elsewhere', 'expired'])('and refuses the certificate "%s"', async (certificate) => {
      const other = await Slapd.start({ certificate });
      try {
        for (const way of [{ useLdaps: true }, { startTls: true }]) {
          const port = 'useLdaps' in way ? other.tlsPort : other.port;
          const server = await start({ ...way, port, caFile: CA });
          const answer = await logIn(server, 'ada', 'the password of ada');
          expect(answer.status).toBe(503);
          expect(answer.text).not.toContain('password of');
        }
      } finally {
        await other.stop();
      }
    });

    it.each([
      ['in the clear to another machine', { host: '192.0.2.1' }, 'useLdaps or startTls'],
      ['both ways to TLS', { useLdaps: true, startTls: true }, 'Leave out one'],
      ['a query user without a password', { queryUserPassword: undefined }, 'queryUserPassword'],
      ['a filter without a name', { searchFilter: 'cn=ada' }, 'has no {0}'],
      ['certificates that are not there', { caFile: '/nowhere/ca.pem' }, 'cannot be read'],
    ])('and does not start with %s', async (_what, ldap, sentence) => {
      const dataDirectory = await mkdtemp(join(base, 'data-'));
      await expect(createServer(testConfig(dataDirectory, settings(ldap)))).rejects.toThrow(
        sentence,
      );
    });
  });

  it('says that the directory cannot be asked, and goes on when it can', async () => {
    const server = await start({}, { cacheLifetime: 0 });
    const { access_token: token, refresh_token: refreshToken } = (
      await logIn(server, 'ada', 'the password of ada')
    ).json<Tokens>();
    await slapd.pause();
    try {
      const refused = await logIn(server, 'ada', 'the password of ada');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
      expect(refused.text).not.toContain('127.0.0.1');
      // Whoever is logged in goes on; a renewal has to ask, and can be tried again.
      expect((await send(server.url, token, 'GET', '/services')).status).toBe(200);
      const renewal = await send(server.url, null, 'POST', '/login/refreshToken', {
        json: { refreshToken },
      });
      expect(renewal.status).toBe(503);
    } finally {
      await slapd.resume();
    }
    const renewed = await send(server.url, null, 'POST', '/login/refreshToken', {
      json: { refreshToken },
    });
    expect(renewed.status).toBe(200);
    expect(await outcome(server, 'ada', 'the password of ada')).toBe('200');
  });

  it('says so, too, where the query user has another password', async () => {
    const server = await start({ queryUserPassword: 'an old password' });
    expect(await outcome(server, 'ada', 'the password of ada')).toBe('503 DIRECTORY_UNAVAILABLE');
  });

  it('takes changes of groups over, and ends the logins of who is gone', async () => {
    const server = await start({}, { cacheLifetime: 0 });
    const change = (operation: 'add' | 'delete') =>
      slapd.asManager((client) =>
        client.modify(
          groupDn('Administrators'),
          new Change({
            operation,
            modification: new Attribute({ type: 'member', values: [userDn('bob')] }),
          }),
        ),
      );
    const tokensOf = async (name: string, password: string) =>
      (await logIn(server, name, password)).json<Tokens>();
    await change('add');
    const owner = await tokensOf('bob', 'the password of bob');
    expect(await roleOf(server, owner.access_token)).toBe('Owner');
    await change('delete');
    const contributor = await tokensOf('bob', 'the password of bob');
    expect(await roleOf(server, contributor.access_token)).toBe('Contributor');

    await slapd.asManager((client) =>
      client.add(userDn('temporary'), {
        objectClass: ['person', 'user'],
        cn: 'temporary',
        sn: 'temporary',
        userPrincipalName: 'temporary@example.org',
        userPassword: 'the password of temporary',
      }),
    );
    const { refresh_token: refreshToken } = await tokensOf(
      'temporary',
      'the password of temporary',
    );
    await slapd.asManager((client) => client.del(userDn('temporary')));
    const renewal = await send(server.url, null, 'POST', '/login/refreshToken', {
      json: { refreshToken },
    });
    expect(renewal.status).toBe(401);
  });
});
