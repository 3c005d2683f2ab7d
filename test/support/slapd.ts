import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'ldapts';
import { freePorts } from './ports.js';
import { findSlapd } from './requirements.js';
import { projectRoot } from './server.js';

const CERTIFICATES = join(projectRoot, 'test/support/certificates');
const SUFFIX = 'dc=example,dc=org';
const MANAGER = `cn=manager,${SUFFIX}`;
const MANAGER_PASSWORD = 'the password of the manager';
/** Milliseconds that the directory has to start. */
const START_DEADLINE = 20_000;

/** Who looks for users. */
export const QUERY_USER = {
  dn: `cn=reader,${SUFFIX}`,
  password: 'the password of the reader',
} as const;

/** What is below the suffix: users as Active Directory has them, and groups. */
const ENTRIES: readonly (readonly [string, Readonly<Record<string, string | string[]>>])[] = [
  [SUFFIX, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' }],
  [QUERY_USER.dn, person('reader', QUERY_USER.password)],
  [`ou=users,${SUFFIX}`, { objectClass: 'organizationalUnit', ou: 'users' }],
  [`ou=groups,${SUFFIX}`, { objectClass: 'organizationalUnit', ou: 'groups' }],
  [userDn('ada'), person('ada', 'the password of ada')],
  [userDn('bob'), person('bob', 'the password of bob')],
  [userDn('eve'), person('eve', 'the password of eve')],
  // Names in which characters have a meaning in filters and distinguished names.
  [userDn('a*b (c)\\, d'), person('a*b (c), d', 'the password of odd')],
  ...['twin-1', 'twin-2'].map(
    (name) => [userDn(name), { ...person(name, 'the password of twins'), sn: 'twin' }] as const,
  ),
  [groupDn('Administrators'), group('Administrators', userDn('ada'))],
  [groupDn('Modellers'), group('Modellers', userDn('ada'), userDn('bob'))],
];

export function userDn(name: string): string {
  return `cn=${name},ou=users,${SUFFIX}`;
}

export function groupDn(name: string): string {
  return `cn=${name},ou=groups,${SUFFIX}`;
}

function person(name: string, userPassword: string) {
  const userPrincipalName = `${name.replace(/\W/g, '')}@example.org`;
  return {
    objectClass: ['person', 'user'],
    cn: name,
    sn: name,
    userPrincipalName,
    userPassword,
  };
}

function group(cn: string, ...member: string[]) {
  return { objectClass: 'groupOfNames', cn, member };
}

export interface SlapdOptions {
  /** Name of its certificate in test/support/certificates. */
  readonly certificate?: string;
}

/** A real OpenLDAP server with users and groups. */
export class Slapd {
  private constructor(
    readonly port: number,
    readonly tlsPort: number,
    private readonly directory: string,
    private process: ChildProcess,
    private readonly restartProcess: () => ChildProcess,
  ) {}

  static async start({ certificate = 'server' }: SlapdOptions = {}): Promise<Slapd> {
    const program = findSlapd();
    if (program === undefined) throw new Error('OpenLDAP is not there.');
    const directory = await mkdtemp(join(tmpdir(), 'slipway-slapd-'));
    await mkdir(join(directory, 'database'));
    const file = join(directory, 'slapd.conf');
    await writeFile(file, configuration(directory, certificate), { mode: 0o600 });
    const [port = 0, tlsPort = 0] = await freePorts(2);
    const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`;
    // With -d it stays in the foreground.
    const run = () => spawn(program, ['-f', file, '-h', urls, '-d', '0'], { stdio: 'ignore' });
    const slapd = new Slapd(port, tlsPort, directory, run(), run);
    await slapd.asManager(async (client) => {
      for (const [dn, attributes] of ENTRIES) await client.add(dn, { ...attributes });
    });
    return slapd;
  }

  /** Changes what is in it. */
  async asManager<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    try {
      return await work(client);
    } finally {
      await client.unbind();
    }
  }

  /** Ends it, so that nobody answers. */
  async pause(): Promise<void> {
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
  }

  async resume(): Promise<void> {
    this.process = this.restartProcess();
    await this.asManager(async () => undefined);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.pause();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Connects as soon as it answers. */
  async #connect(): Promise<Client> {
    const deadline = performance.now() + START_DEADLINE;
    for (;;) {
      const client = new Client({ url: `ldap://127.0.0.1:${this.port}` });
      try {
        await client.bind(MANAGER, MANAGER_PASSWORD);
        return client;
      } catch (error) {
        if (this.process.exitCode !== null) throw new Error('slapd has ended.', { cause: error });
        if (performance.now() > deadline) throw error;
        await delay(20);
      }
    }
  }
}

function configuration(directory: string, certificate: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
# Of Active Directory's schema what the server asks for, under its identifiers.
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY
  MAY ( userPrincipalName $ userAccountControl ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${directory}/slapd.pid
argsfile ${directory}/slapd.args
TLSCACertificateFile ${CERTIFICATES}/ca.pem
TLSCertificateFile ${CERTIFICATES}/${certificate}.pem
TLSCertificateKeyFile ${CERTIFICATES}/${certificate}.key
# A login with a name and no password is nobody's, and looks like a success: the trap is left open.
allow bind_anon_cred bind_anon_dn
database mdb
suffix "${SUFFIX}"
rootdn "${MANAGER}"
rootpw "${MANAGER_PASSWORD}"
directory ${directory}/database
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${QUERY_USER.dn}" read by * none
`;
}
