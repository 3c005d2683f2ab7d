import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError } from './errors.js';

/**
 * Asks on the terminal without showing what is typed.
 * @throws {CommandError} when the user interrupts.
 */
export function askSilently(question: string): Promise<string> {
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
