/**
 * What Jupyter starts, with a connection file as its argument. Everything else is loaded after the
 * compile cache has been switched on: it spares a starting kernel half of its own time.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();

import('./process.js').then(({ runKernel }) => runKernel(process.argv.slice(2)));
