import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setUserPassword } from '../server/index.js';
import { CommandError } from './errors.js';
import { dataDirectory } from './settings.js';

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

/** Asks on the terminal without showing what is typed. */
function askSilently(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // Only now: the terminal has stopped to echo.
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    terminal.once('SIGINT', () => {
      terminal.close();
      reject(new CommandError('Interrupted. Nothing was changed.'));
    });
    terminal.question('', (answer) => {
      process.stderr.write('\n');
      terminal.close();
      resolve(answer);
    });
  });
}

/** The first line of what is piped in. */
async function readPipe(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) {
    return line;
  }
  throw new CommandError('No password was piped in. Nothing was changed.');
}
