#!/usr/bin/env node
import module from 'node:module';
// Nothing that needs a newer Node may be imported before its version is checked.
import { describeOldNode } from './node-version.js';

const complaint = describeOldNode(process.versions.node);
if (complaint === undefined) {
  // Keeps what was compiled: a tenth of the start of a server, which loads much.
  module.enableCompileCache();
  const { runCommandLine } = await import('./program.js');
  process.exitCode = await runCommandLine(process.argv);
} else {
  process.stderr.write(`slipway: ${complaint}\n`);
  process.exitCode = 1;
}
