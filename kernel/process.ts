import { readConnectionFile } from '../src/jupyter/index.js';
import { Kernel } from './kernel.js';
import { watchParent } from './parent.js';
import { NoConnectionFileError, startFailure } from './start-failure.js';

/**
 * The life of the kernel's process: it binds, connects the session, serves, and stops. The process
 * ends with it.
 * @param args of the command line: the connection file.
 */
export async function runKernel(args: readonly string[]): Promise<never> {
  // Who reads it may be gone, as Jupyter that was killed. Unheard, the failure to write would be an
  // uncaught exception, whose report fails to be written, without end.
  process.stderr.on('error', () => undefined);
  const kernel = await start(args).catch((error: unknown): never => {
    const { status, message } = startFailure(error);
    log(message);
    process.exit(status);
  });

  process.on('SIGINT', () => kernel.interrupt());
  process.on('SIGTERM', () => kernel.stop());
  // A fault of ours must not leave a session behind; Jupyter sees the status and starts us again.
  process.on('uncaughtException', (error) => {
    log(`The kernel failed and ends: ${error.stack}`);
    process.exitCode = 1;
    void kernel.stop();
  });
  if (process.env.JPY_PARENT_PID !== undefined) watchParent(() => kernel.stop());

  await kernel.stopped;
  process.exit();
}

async function start([connectionFile]: readonly string[]): Promise<Kernel> {
  if (connectionFile === undefined) throw new NoConnectionFileError();
  return await Kernel.start(readConnectionFile(connectionFile), log);
}

function log(message: string): void {
  process.stderr.write(`[slipway] ${message}\n`);
}
