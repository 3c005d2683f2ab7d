import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Thrown in CI when a program is missing that tests need: there nothing may go unchecked. */
class MissingRequirementError extends Error {
  override readonly name = 'MissingRequirementError';

  constructor(what: string, names: readonly string[]) {
    super(`${what} is not there (looked for ${names.join(', ')} on the PATH): install it.`);
  }
}

/**
 * A browser for the tests that drive JupyterLab; `SLIPWAY_CHROMIUM` names one elsewhere.
 * @returns undefined when there is none, so that `describe.runIf` skips them
 * @throws {MissingRequirementError} instead, in CI
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return (
    env.SLIPWAY_CHROMIUM ||
    findProgram('Chromium', ['chromium', 'chromium-browser', 'google-chrome'], env)
  );
}

/**
 * What checks a unit of systemd.
 * @returns undefined when it is not there
 * @throws {MissingRequirementError} instead, in CI
 */
export function findSystemdAnalyze(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findProgram('systemd-analyze', ['systemd-analyze'], env);
}

/**
 * What isolates sessions, for the tests that try to get out of it.
 * @returns undefined when it is not there, so that `describe.runIf` skips them
 * @throws {MissingRequirementError} instead, in CI
 */
export function findBubblewrap(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findProgram('bubblewrap', ['bwrap'], env);
}

/**
 * OpenLDAP's server, for the tests of logins that a directory checks. Debian puts it where ordinary
 * users do not look.
 * @returns undefined when it is not there, so that `describe.runIf` skips them
 * @throws {MissingRequirementError} instead, in CI
 */
export function findSlapd(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = [env.PATH ?? '', '/usr/sbin', '/usr/libexec'].join(delimiter);
  return findProgram('OpenLDAP', ['slapd'], { ...env, PATH: path });
}

function findProgram(what: string, names: readonly string[], env: NodeJS.ProcessEnv) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isExecutable);
  if (found === undefined && env.CI) throw new MissingRequirementError(what, names);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false;
    throw error;
  }
}
