/**
 * Why set-up could not finish. The message says what happened; `fix` what to do about it.
 */
export class SetupError extends Error {
  /** What the command that it ends exits with. */
  exitCode = 2;

  /**
   * @param {string} code stable name of the cause, for scripts
   * @param {string} message what happened, to what
   * @param {string} fix what to do
   */
  constructor(code, message, fix) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.fix = fix;
  }
}

/** Thrown when the Node that runs the scripts is older than the oldest supported one. */
export class NodeTooOldError extends SetupError {
  /**
   * @param {string} found
   * @param {number} oldest
   */
  constructor(found, oldest) {
    super(
      'NODE_TOO_OLD',
      `Node ${found} runs this script; set-up needs Node ${oldest} or newer.`,
      `Install Node ${oldest} or newer (https://nodejs.org) and run the command again.`,
    );
  }
}

/** Thrown when no Python at all could be started. */
export class PythonNotFoundError extends SetupError {
  /** @param {readonly string[]} tried */
  constructor(tried) {
    super(
      'PYTHON_NOT_FOUND',
      `No Python was found (looked for ${tried.join(', ')}).`,
      'Install Python 3.10 or newer, or name one: SLIPWAY_BOOTSTRAP_PYTHON=/path/to/python3 npm start',
    );
  }
}

/** Thrown when every Python found is older than the oldest supported one. */
export class PythonTooOldError extends SetupError {
  /** @param {readonly { command: string, version: string }[]} found */
  constructor(found) {
    super(
      'PYTHON_TOO_OLD',
      `Python 3.10 or newer is needed; found ${found
        .map(({ command, version }) => `${command} (${version})`)
        .join(', ')}.`,
      'Install a newer Python, or name one: SLIPWAY_BOOTSTRAP_PYTHON=/path/to/python3 npm start',
    );
  }
}

/** Thrown when Python lacks the modules that make a virtual environment (Debian packs them apart). */
export class VenvModuleMissingError extends SetupError {
  /** @param {string} command */
  constructor(command) {
    super(
      'VENV_MODULE_MISSING',
      `${command} cannot make virtual environments: its venv or ensurepip module is missing.`,
      'Install it (Debian and Ubuntu: apt install python3-venv) and run the command again.',
    );
  }
}

/** Thrown when a command of set-up ends with an error that nothing more precise explains. */
export class CommandFailedError extends SetupError {
  /**
   * @param {string} command
   * @param {string} outcome `exit code 1`, `signal SIGKILL`
   * @param {string} tail the last lines of its output
   * @param {string} log where all of its output is
   */
  constructor(command, outcome, tail, log) {
    super(
      'COMMAND_FAILED',
      `\`${command}\` failed (${outcome}):\n${indented(tail)}`,
      `Everything it said is in ${log}. Run the command again once the cause is gone.`,
    );
  }
}

/** Thrown when npm or pip could not fetch what it was asked to install. */
export class RegistryUnreachableError extends SetupError {
  /**
   * @param {'npm' | 'pip'} installer
   * @param {string} tail
   * @param {string} log
   */
  constructor(installer, tail, log) {
    const setting = {
      npm: '`npm config get registry`, proxy and https-proxy',
      pip: '`pip config list`, PIP_INDEX_URL, PIP_PROXY and HTTPS_PROXY',
    }[installer];
    super(
      'REGISTRY_UNREACHABLE',
      `${installer} could not reach its package registry:\n${indented(tail)}`,
      `Check the network and the registry's settings (${setting}), then run the command again. Everything it said is in ${log}.`,
    );
  }
}

/** Thrown when the embedded server could not be started. */
export class ServerStartError extends SetupError {
  /**
   * @param {number} exitCode of `slipway server start`: 4 when the port is taken
   * @param {string} reason what it said
   */
  constructor(exitCode, reason) {
    super(
      exitCode === 4 ? 'PORT_TAKEN' : 'SERVER_START_FAILED',
      `The server did not start: ${reason.trim() || `exit code ${exitCode}`}`,
      exitCode === 4
        ? 'Stop the program that holds the port, or choose another: SLIPWAY_PORT=12900 npm start'
        : 'Its log is in logs/server.log of the data directory (~/.local/share/slipway, or SLIPWAY_HOME).',
    );
    this.exitCode = exitCode;
  }
}

/** @param {string} text */
function indented(text) {
  return text.replace(/^/gm, '    ');
}
