import { randomUUID } from 'node:crypto';
import type { Entry } from 'ldapts';
import type { AuthorizationConfig, LdapConfig } from '../../config.js';
import type { Role } from '../../store/index.js';
import type { Directory, DirectoryUser } from '../directory-users.js';
import { DirectoryUnavailableError } from '../errors.js';
import { roleOf } from '../roles.js';
import { type Connection, withConnection } from './connection.js';
import { fillFilter, isSameGroup } from './names.js';

/** What Active Directory says of itself, and only it. */
const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
/** Active Directory's way to ask for groups of groups: LDAP_MATCHING_RULE_IN_CHAIN. */
const IN_CHAIN = '1.2.840.113556.1.4.1941';
/** Bit of `userAccountControl`: the account is disabled. */
const DISABLED = 2;

const USER_NAME = /^\P{Cc}{1,128}$/u;

/** Told what whoever runs the server has to know. */
export type OnProblem = (problem: string) => void;

/** Users, passwords and groups of an LDAP server or of Active Directory. */
export class LdapDirectory implements Directory {
  #isActiveDirectory: boolean | undefined;

  /** @param ca certificates to trust in place of the usual authorities, in PEM form */
  constructor(
    private readonly config: LdapConfig,
    private readonly authorization: AuthorizationConfig,
    private readonly ca: string | undefined,
    private readonly onProblem: OnProblem,
  ) {}

  async login(username: string, password: string): Promise<DirectoryUser | undefined> {
    if (username === '' || password === '') return undefined;
    return this.#ask(async (connection) => {
      const entry = await this.#findEntry(connection, this.config.searchFilter, username);
      // For somebody who is not there the directory is asked as often: the time tells nothing.
      const dn = entry?.dn ?? `cn=${randomUUID()},${this.config.searchBase}`;
      const isRight = await connection.isPasswordOf(dn, password);
      if (!isRight || entry === undefined) return undefined;
      await connection.becomeQueryUser();
      return this.#toUser(connection, entry);
    });
  }

  async find(name: string): Promise<DirectoryUser | undefined> {
    const filter = `${this.config.uniqueUserIdentifierAttributeName}={0}`;
    return this.#ask(async (connection) => {
      const entry = await this.#findEntry(connection, filter, name);
      if (entry === undefined) return undefined;
      const [control] = valuesOf(entry, 'userAccountControl');
      if ((Number(control ?? 0) & DISABLED) !== 0) return undefined;
      return this.#toUser(connection, entry);
    });
  }

  roleOf(groups: readonly string[]): Role {
    return roleOf(groups, this.authorization, isSameGroup);
  }

  async #ask<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    try {
      return await withConnection(this.config, this.ca, work);
    } catch (error) {
      if (error instanceof DirectoryUnavailableError) this.onProblem(error.problem);
      throw error;
    }
  }

  /** The one entry that a filter finds; of several, none is the user. */
  async #findEntry(
    { client }: Connection,
    template: string,
    name: string,
  ): Promise<Entry | undefined> {
    const { Filter } = await import('ldapts');
    const { searchBase, uniqueUserIdentifierAttributeName } = this.config;
    const { searchEntries } = await client.search(searchBase, {
      scope: 'sub',
      filter: fillFilter(template, name, Filter.escape),
      attributes: [uniqueUserIdentifierAttributeName, 'memberOf', 'userAccountControl'],
      sizeLimit: 10,
    });
    const [entry, another] = searchEntries;
    if (another !== undefined) {
      this.onProblem(
        `The filter ${template} finds several entries for one user, so that nobody can log in by that name. Make authentication.ldap.searchFilter or searchBase narrower.`,
      );
      return undefined;
    }
    return entry;
  }

  async #toUser(connection: Connection, entry: Entry): Promise<DirectoryUser | undefined> {
    const attribute = this.config.uniqueUserIdentifierAttributeName;
    const [name, another] = valuesOf(entry, attribute);
    if (name === undefined || another !== undefined || !USER_NAME.test(name)) {
      this.onProblem(
        `${entry.dn} has no single ${attribute} of 1 to 128 characters, so that the user has no name here. See authentication.ldap.uniqueUserIdentifierAttributeName.`,
      );
      return undefined;
    }
    const groups = [
      ...valuesOf(entry, 'memberOf'),
      ...(await this.#groupsOf(connection, entry.dn)),
    ];
    return { name, groups: [...new Set(groups)] };
  }

  /** The groups that name a user as their member; in Active Directory also by other groups. */
  async #groupsOf({ client }: Connection, dn: string): Promise<string[]> {
    const { Filter } = await import('ldapts');
    const user = Filter.escape(dn);
    const filter = (await this.#isActive(client))
      ? `(member:${IN_CHAIN}:=${user})`
      : `(|(member=${user})(uniqueMember=${user}))`;
    const { searchEntries } = await client.search(
      this.config.groupSearchBase ?? this.config.searchBase,
      { scope: 'sub', filter, attributes: ['1.1'], paged: { pageSize: 500 } },
    );
    return searchEntries.map((entry) => entry.dn);
  }

  async #isActive(client: Connection['client']): Promise<boolean> {
    if (this.#isActiveDirectory === undefined) {
      const { searchEntries } = await client.search('', {
        scope: 'base',
        filter: '(objectClass=*)',
        attributes: ['supportedCapabilities'],
      });
      const capabilities = searchEntries.flatMap((entry) =>
        valuesOf(entry, 'supportedCapabilities'),
      );
      this.#isActiveDirectory = capabilities.includes(ACTIVE_DIRECTORY);
    }
    return this.#isActiveDirectory;
  }
}

/** The texts of an attribute, whose name directories write in any case. */
function valuesOf(entry: Entry, attribute: string): string[] {
  const wanted = attribute.toLowerCase();
  return Object.entries(entry)
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, values]) => values)
    .filter((value) => typeof value === 'string');
}
