import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, pino } from 'pino';

/** Where the log goes when it does not go to standard output. */
export interface LogFileOptions {
  /** Absolute path; its folder is made when it is missing. */
  readonly path: string;
  /** Bytes after which another file is begun. */
  readonly maxBytes: number;
  /** Full files that are kept: `server.log.1` is the newest. */
  readonly keep: number;
}

/** A log file that is exchanged for an empty one when it is full. */
export interface LogFile extends DestinationStream {
  /** Opens the file again, after another program has moved it away. */
  reopen(): void;
  /** Writes what is still in memory. */
  flush(): void;
}

/** Bytes that wait to be written where the disk takes none; what comes after them is lost. */
const MAX_WAITING = 16 * 1024 * 1024;

/** Told of once when a log cannot keep what is written to it. */
export class LogOverflowError extends Error {
  readonly code = 'LOG_OVERFLOW';
  override readonly name = 'LogOverflowError';

  constructor(path: string) {
    super(
      `${path} has not been written for ${MAX_WAITING / 1024 / 1024} MiB of lines. What comes next is not kept, until there is room on its disk.`,
    );
  }
}

/**
 * Opens a log file, readable by its owner alone. No line is torn when it is exchanged.
 * @param onProblem told when it cannot be written; the server goes on without that part of its log
 * @param describeLoss the line that stands in the place of so many
 */
export function openLogFile(
  options: LogFileOptions,
  onProblem: (error: Error) => void,
  describeLoss = lossForLog,
): LogFile {
  const { path, maxBytes } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const stream = pino.destination({
    dest: path,
    mode: 0o600,
    append: true,
    sync: false,
    maxLength: MAX_WAITING,
  });
  let size = sizeOf(path);
  let isRotating = false;
  let lost = 0;
  stream.on('drop', () => {
    lost += 1;
    if (lost === 1) onProblem(new LogOverflowError(path));
  });
  stream.on('error', onProblem);
  stream.on('ready', () => {
    size = sizeOf(path);
    isRotating = false;
  });
  stream.on('write', (written: number) => {
    size += written;
    if (lost > 0) {
      const note = describeLoss(lost);
      lost = 0;
      stream.write(`${JSON.stringify(note)}\n`);
    }
    if (size < maxBytes || isRotating) return;
    isRotating = true;
    try {
      shift(options);
    } catch (error) {
      onProblem(error as Error);
    }
    // A line that is half written goes into the old file, then the new one is opened.
    stream.reopen();
  });
  return {
    write: (line) => stream.write(line),
    reopen: () => stream.reopen(),
    flush: () => stream.flushSync(),
  };
}

function lossForLog(lines: number): object {
  return { level: 40, time: Date.now(), msg: `${lines} lines before this one are lost.` };
}

/** Makes the full file number 1, and each older one the next number; the last ones are dropped. */
function shift({ path, keep }: LogFileOptions): void {
  const numbered = (number: number) => (number === 0 ? path : `${path}.${number}`);
  rmSync(numbered(keep), { force: true });
  for (let number = keep - 1; number >= 0; number -= 1) {
    if (existsSync(numbered(number))) renameSync(numbered(number), numbered(number + 1));
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
