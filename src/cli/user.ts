import { createInterface } from 'node:readline';
import { setUserPassword } from '../server/index.js';
import { CommandError } from './errors.js';
import { dataDirectory } from './settings.js';
import { askSilently } from './terminal.js';

/** Sets the password of an account, which is created when it is new. */
export async function setPassword(name: string, options: { data?: string }): Promise<void> {
  const password = process.stdin.isTTY ? await askTwice(name) : await readPipe();
  await setUserPassword(dataDirectory(options.data), name, password);
  process.stdout.write(`${name} has a new password; earlier logins have ended.\n`);
}

async function askTwice(name: string): Promise<string> {
  const first = await askSilently(`New password of ${name}: `);
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
