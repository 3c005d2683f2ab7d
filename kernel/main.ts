/**
 * The process that Jupyter starts, with a connection file as its argument: it binds, connects the
 * session, serves, and stops. Modules are loaded after the compile cache has been switched on.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();

const [
  { readConnectionFile },
  { Kernel },
  { watchParent },
  { NoConnectionFileError, startFailure },
] = await Promise.all([
  import('../src/jupyter/index.js'),
  import('./kernel.js'),
  import('./parent.js'),
  import('./start-failure.js'),
]);

const log = (message: string) => process.stderr.write(`[slipway] ${message}\n`);
const kernel = await start().catch((error: unknown): never => {
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

async function start() {
  const [connectionFile] = process.argv.slice(2);
  if (connectionFile === undefined) throw new NoConnectionFileError();
  return await Kernel.start(readConnectionFile(connectionFile), log);
}
