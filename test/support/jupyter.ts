import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const projectRoot = resolve(import.meta.dirname, '../..');

/** A Jupyter world of its own: no configuration, kernel, runtime file or server of the user's. */
export interface JupyterWorld {
  /** Holds copies of the example notebooks; Jupyter's root directory. */
  readonly notebooks: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends our embedded server and removes everything. */
  dispose(): Promise<void>;
}

/** Makes a world in a temporary directory; `slipway` kernels in it share one embedded server. */
export async function createJupyterWorld(): Promise<JupyterWorld> {
  const base = await mkdtemp(join(tmpdir(), 'slipway-e2e-'));
  const notebooks = join(base, 'notebooks');
  const slipwayHome = join(base, 'slipway');
  await mkdir(slipwayHome, { mode: 0o700 });
  await cp(join(projectRoot, 'examples'), notebooks, { recursive: true });
  const settings = join(base, 'config/lab/user-settings/@jupyterlab');
  // Cells outside of the window would not be in the page otherwise.
  await writeSettings(join(settings, 'notebook-extension/tracker'), { windowingMode: 'none' });
  await writeSettings(join(settings, 'apputils-extension/notification'), { fetchNews: 'false' });
  // A page's preference for light or dark decides, so that a test can look at both.
  await writeSettings(join(settings, 'apputils-extension/themes'), { 'adaptive-theme': true });
  const env = {
    ...process.env,
    JUPYTER_CONFIG_DIR: join(base, 'config'),
    JUPYTERLAB_SETTINGS_DIR: join(base, 'config/lab/user-settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(base, 'config/lab/workspaces'),
    JUPYTER_DATA_DIR: join(base, 'data'),
    JUPYTER_RUNTIME_DIR: join(base, 'runtime'),
    IPYTHONDIR: join(base, 'ipython'),
    SLIPWAY_HOME: slipwayHome,
    SLIPWAY_PORT: '0',
    XDG_CONFIG_HOME: join(base, 'xdg'),
    SLIPWAY_URL: undefined,
    SLIPWAY_TOKEN: undefined,
  };
  return {
    notebooks,
    env,
    async dispose() {
      const pid = await readFile(join(slipwayHome, 'runtime.json'), 'utf8').then(
        (text) => (JSON.parse(text) as { pid: number }).pid,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        },
      );
      if (pid !== undefined) await stopProcess(pid);
      await rm(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function writeSettings(plugin: string, settings: object): Promise<void> {
  await mkdir(dirname(plugin), { recursive: true });
  await writeFile(`${plugin}.jupyterlab-settings`, JSON.stringify(settings));
}

/** A running JupyterLab. */
export interface JupyterLab {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts JupyterLab without a browser and resolves when it serves. */
export async function startJupyterLab(world: JupyterWorld): Promise<JupyterLab> {
  const child: ChildProcess = spawn(
    join(projectRoot, '.venv/bin/jupyter'),
    [
      'lab',
      '--no-browser',
      '--allow-root',
      '--ServerApp.ip=127.0.0.1',
      '--ServerApp.port=0',
      '--ServerApp.disable_check_xsrf=True',
      '--IdentityProvider.token=',
      `--ServerApp.root_dir=${world.notebooks}`,
      '--LabApp.news_url=',
      '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
    ],
    { env: world.env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  const log: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (status) => {
      reject(new Error(`JupyterLab ended with status ${status}:\n${log.join('\n')}`));
    });
    lines.on('line', (line) => {
      log.push(line);
      const match = /(http:\/\/127\.0\.0\.1:\d+)\/lab/.exec(line);
      if (match) resolve(match[1] as string);
    });
  });
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Ends a process that is not our child and waits until it is gone. */
async function stopProcess(pid: number): Promise<void> {
  const send = (signal: NodeJS.Signals | 0): boolean => {
    try {
      process.kill(pid, signal);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  };
  send('SIGINT');
  const deadline = Date.now() + 10_000;
  while (send(0)) {
    if (Date.now() > deadline) {
      send('SIGKILL');
      throw new Error(`The embedded server (process ${pid}) did not end within 10 s of SIGINT.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
