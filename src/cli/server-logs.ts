import { existsSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError } from './errors.js';
import { readableLine } from './log-lines.js';
import { LogReader } from './log-reader.js';
import { findServer } from './running-server.js';
import { dataDirectory } from './settings.js';

/** Options of `slipway server logs`. */
export interface LogsOptions {
  readonly data?: string;
  readonly follow?: boolean;
  readonly lines: string;
  readonly json?: boolean;
}

/** Shows the end of a server's log, and with `--follow` what is written from then on. */
export async function showLogs(options: LogsOptions): Promise<void> {
  const count = Number(options.lines);
  if (!/^\d{1,7}$/.test(options.lines)) {
    throw new CommandError(`--lines says ${JSON.stringify(options.lines)}; give a number.`);
  }
  const path = await findLog(dataDirectory(options.data));
  const reader = await LogReader.open(path);
  const print = (lines: readonly string[]) => {
    const shown = options.json ? lines : lines.map(readableLine);
    process.stdout.write(shown.map((line) => `${line}\n`).join(''));
  };
  // Whoever reads what is printed may stop: `slipway server logs | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  print(await reader.last(count));
  if (options.follow) await follow(path, reader, print);
  await reader.close();
}

/** Prints until the process is ended. */
async function follow(
  path: string,
  reader: LogReader,
  print: (lines: readonly string[]) => void,
): Promise<never> {
  let wake = () => {};
  let hasChanged = true;
  // The folder, since the file is exchanged when it is full.
  watch(dirname(path), () => {
    hasChanged = true;
    wake();
  });
  for (;;) {
    while (hasChanged) {
      hasChanged = false;
      print(await reader.more());
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (hasChanged) resolve();
    });
  }
}

/** @throws {CommandError} when the server logs elsewhere, or never ran */
async function findLog(directory: string): Promise<string> {
  const server = await findServer(directory);
  // Of one that has ended, what it wrote when it ran in the background.
  const usual = join(directory, 'logs', 'server.log');
  const path = server === undefined ? usual : server.log;
  if (path === undefined) {
    throw new CommandError(
      `The server on ${directory} logs to its standard output: look where that goes. Under systemd it is: journalctl --unit slipway. Set logging.file to have a file.`,
    );
  }
  if (existsSync(path)) return path;
  throw new CommandError(`There is no log ${path}: no server has written one yet.`);
}
