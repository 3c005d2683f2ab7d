import { createInterface } from 'node:readline';
import { ROLES, type Role, UserManagement } from '../server/index.js';
import { CommandError } from './errors.js';
import { dataDirectory } from './settings.js';
import { askSilently } from './terminal.js';

/** What all commands for accounts take. */
export interface UserOptions {
  readonly data?: string;
}

/** For commands that begin no data directory where a path was mistyped. */
const EXISTING = { existing: true } as const;

/** Creates an account. */
export async function addUser(
  name: string,
  options: UserOptions & { readonly role?: string },
): Promise<void> {
  const role = options.role === undefined ? undefined : readRole(options.role);
  await withAccounts(options, async (accounts) => {
    const password = await readPassword(`Password of ${name}: `);
    await accounts.add(name, password, role);
    process.stdout.write(`${name} has an account, with the role ${role ?? 'Contributor'}.\n`);
  });
}

/** Sets the password of an account, which is created when it is new. */
export async function setPassword(name: string, options: UserOptions): Promise<void> {
  await withAccounts(options, async (accounts) => {
    const password = await readPassword(`New password of ${name}: `);
    await accounts.setPassword(name, password);
    process.stdout.write(`${name} has a new password; earlier logins have ended.\n`);
  });
}

/** Gives an account a role. */
export async function setRole(name: string, text: string, options: UserOptions): Promise<void> {
  const role = readRole(text);
  await withAccounts(
    options,
    async (accounts) => {
      await accounts.setRole(name, role);
      process.stdout.write(`${name} has the role ${role}.\n`);
    },
    EXISTING,
  );
}

/** Removes an account. */
export async function removeUser(name: string, options: UserOptions): Promise<void> {
  await withAccounts(
    options,
    async (accounts) => {
      const { services, snapshots } = await accounts.remove(name);
      process.stdout.write(`${name} has no account any more; all logins have ended.\n`);
      if (services + snapshots > 0) {
        process.stdout.write(
          `What belongs to the name stays: ${count(services, 'service')}, which go on answering, and ${count(snapshots, 'snapshot')}. A new account of that name would own them.\n`,
        );
      }
    },
    EXISTING,
  );
}

/** Prints the accounts. */
export async function listUsers(options: UserOptions & { readonly json?: boolean }): Promise<void> {
  await withAccounts(
    options,
    async (accounts) => {
      const all = await accounts.list();
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
        return;
      }
      const width = Math.max(0, ...all.map(({ name }) => name.length));
      for (const { name, role, creationTime } of all) {
        process.stdout.write(`${name.padEnd(width)}  ${role.padEnd(11)}  ${creationTime}\n`);
      }
    },
    EXISTING,
  );
}

/** @param options with `existing` the data directory is not created where there is none */
async function withAccounts(
  { data }: UserOptions,
  use: (accounts: UserManagement) => Promise<void>,
  options: { readonly existing?: boolean } = {},
): Promise<void> {
  const accounts = await UserManagement.open(dataDirectory(data), options);
  try {
    await use(accounts);
  } finally {
    await accounts.close();
  }
}

function readRole(text: string): Role {
  const role = ROLES.find((each) => each.toLowerCase() === text.toLowerCase());
  if (role === undefined) {
    throw new CommandError(`"${text}" is no role. There are ${ROLES.join(', ')}.`);
  }
  return role;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** From the terminal, twice, or from a pipe: never from the arguments, which others can read. */
function readPassword(question: string): Promise<string> {
  return process.stdin.isTTY ? askTwice(question) : readPipe();
}

async function askTwice(question: string): Promise<string> {
  const first = await askSilently(question);
  const second = await askSilently('Once more: ');
  if (first !== second) {
    throw new CommandError('The two passwords differ. Nothing was changed.');
  }
  return first;
}

/** The first line of what is piped in. */
async function readPipe(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) {
    return line;
  }
  throw new CommandError('No password was piped in. Nothing was changed.');
}
