/**
 * `npm test`: sets up what is missing, then runs all tests, TypeScript by vitest and Python by pytest.
 *
 *   npm test -- unit                          one level: unit, integration, conformance or e2e
 *   npm test -- test/unit/foo.test.ts         files
 *
 * With CI=true a skipped test is a failure: what CI cannot check is not checked.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInForeground } from './setup/command.mjs';
import { afterSetup } from './setup/index.mjs';
import { logs, pinnedNode, root, venvPython } from './setup/paths.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const LEVELS = ['unit', 'integration', 'conformance', 'e2e'];
/** What pytest exits with when it collected no test. */
const PYTEST_NO_TESTS = 5;
const NO_TESTS = { passed: 0, failed: 0, skipped: 0 };

await afterSetup(async () => {
  const args = process.argv.slice(2);
  const levels = args.filter((arg) => LEVELS.includes(arg));
  const files = args.filter((arg) => !LEVELS.includes(arg));
  const python = files.filter((file) => file.split('::')[0]?.endsWith('.py'));
  const typescript = files.filter((file) => !python.includes(file));

  const userData = emptyUserData();
  try {
    const env = {
      ...process.env,
      SLIPWAY_HOME: '',
      SLIPWAY_PYTHON: venvPython,
      XDG_DATA_HOME: userData,
    };
    const runs = [];
    if (files.length === 0 || typescript.length > 0) {
      runs.push(await runVitest(levels, typescript, env));
    }
    if (files.length === 0 || python.length > 0) runs.push(await runPytest(levels, python, env));
    return summary(runs);
  } finally {
    rmSync(userData, { recursive: true, force: true });
  }
});

/**
 * What programs keep for a user, so that no test meets or changes what whoever runs it has there. In
 * the place of the data directory is a file: no server starts for a test that names none.
 */
function emptyUserData() {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-tests-'));
  writeFileSync(join(folder, 'slipway'), 'A test has to set SLIPWAY_HOME for what it starts.\n');
  return folder;
}

/**
 * @param {readonly string[]} levels
 * @param {readonly string[]} files
 * @param {NodeJS.ProcessEnv} env
 */
async function runVitest(levels, files, env) {
  const report = freshReport('vitest.json');
  const exitCode = await runInForeground(
    pinnedNode,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...levels.flatMap((level) => ['--project', level]),
      ...files,
    ],
    { env },
  );
  if (!existsSync(report)) return { exitCode, counts: NO_TESTS };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  return {
    exitCode,
    counts: {
      passed: result.numPassedTests,
      failed: result.numFailedTests,
      skipped: result.numPendingTests + result.numTodoTests,
    },
  };
}

/**
 * @param {readonly string[]} levels
 * @param {readonly string[]} files
 * @param {NodeJS.ProcessEnv} env
 */
async function runPytest(levels, files, env) {
  const report = freshReport('pytest.xml');
  const folders = levels.map((level) => join('test', level));
  const exitCode = await runInForeground(
    venvPython,
    ['-m', 'pytest', `--junitxml=${report}`, ...folders, ...files],
    { env },
  );
  if (!existsSync(report)) return { exitCode, counts: NO_TESTS };
  const attributes = /<testsuite [^>]*>/.exec(readFileSync(report, 'utf8'))?.[0] ?? '';
  /** @param {string} name */
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  const skipped = count('skipped');
  return {
    exitCode: exitCode === PYTEST_NO_TESTS ? 0 : exitCode,
    counts: { passed: count('tests') - failed - skipped, failed, skipped },
  };
}

/**
 * Where a runner is to leave its counts, cleared of those of the run before.
 * @param {string} name
 */
function freshReport(name) {
  const report = join(logs, name);
  rmSync(report, { force: true });
  return report;
}

/**
 * @param {readonly { exitCode: number, counts: Counts }[]} runs
 * @returns {number} exit code
 */
function summary(runs) {
  /** @param {keyof Counts} kind */
  const total = (kind) => runs.reduce((sum, { counts }) => sum + counts[kind], 0);
  const skipped = total('skipped');
  process.stdout.write(
    `${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  );
  if (process.env.CI && skipped > 0) {
    process.stdout.write('In CI a skipped test is a failure: install what it asks for.\n');
    return 1;
  }
  return runs.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
}
