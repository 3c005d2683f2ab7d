/**
 * The process that Jupyter starts, with a connection file as its argument: it binds, connects the
 * session, serves, and stops. Modules are loaded after the compile cache has been switched on.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();

const [{ readConnectionFile }, { Kernel }, { watchParent }] = await Promise.all([
  import('../src/jupyter/index.js'),
  import('./kernel.js'),
  import('./parent.js'),
]);

const [connectionFile] = process.argv.slice(2);
if (connectionFile === undefined)
  fail('Start the kernel through Jupyter: it needs a connection file.');

const log = (message: string) => process.stderr.write(`[slipway] ${message}\n`);
const kernel = await Kernel.start(readConnectionFile(connectionFile), log).catch(fail);

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

function fail(reason: unknown): never {
  process.stderr.write(`[slipway] ${reason instanceof Error ? reason.message : reason}\n`);
  process.exit(1);
}
