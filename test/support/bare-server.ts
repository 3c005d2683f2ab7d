import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { projectRoot, python } from './server.js';

interface Execution {
  readonly code: string;
  readonly inputParameters: readonly { readonly name: string; readonly value: unknown }[];
  readonly outputParameters: readonly string[];
}

/** The Python process of a session, which has neither Jupyter nor IPython. */
class BareSession {
  console = '';
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();
  #onConsoleEnd: () => void = () => undefined;

  constructor(readonly directory: string) {
    const script = join(projectRoot, 'test/support/bare_interpreter.py');
    this.#child = spawn(python, [script, '3', 'bare'], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    });
    const answers = this.#child.stdio[3] as NodeJS.ReadableStream;
    this.#answers = createInterface({ input: answers })[Symbol.asyncIterator]();
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // The console of a server on Windows.
      this.console += text.replaceAll('\u0004', '').replaceAll('\n', '\r\n');
      if (text.endsWith('\u0004')) this.#onConsoleEnd();
    });
  }

  execute(execution: Execution): Promise<object> {
    const result = this.#last.then(() => this.#execute(execution));
    this.#last = result;
    return result;
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async #execute({ code, inputParameters, outputParameters }: Execution): Promise<object> {
    this.console = '';
    const consoleEnd = new Promise<void>((resolve) => {
      this.#onConsoleEnd = resolve;
    });
    const inputs = Object.fromEntries(inputParameters.map(({ name, value }) => [name, value]));
    const request = { code, inputs, outputs: outputParameters };
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    await consoleEnd;
    const { failure, outputs } = JSON.parse((await this.#answers.next()).value);
    return {
      success: failure === null,
      errorMessage: failure ?? '',
      outputParameters: outputParameters.map((name) => ({ name, value: outputs[name] })),
      consoleOutput: this.console,
      changedFiles: [],
    };
  }
}

/** A server that stands for R Server: its routes for sessions, over Python without anything. */
export interface BareServer {
  readonly url: string;
  /** Ends every session; their ids mean nothing any more. */
  loseSessions(): void;
  close(): Promise<void>;
}

/** Starts one. What it does not know it answers with 404 and nothing else, as R Server does. */
export async function startBareServer(): Promise<BareServer> {
  const sessions = new Map<string, BareSession>();
  const directories: string[] = [];
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const [, root, id = '', ...rest] = decodeURIComponent(request.url ?? '').split('/');
    const body = request.method === 'POST' ? await json(request).catch(() => ({})) : {};
    if (root === 'login') {
      const access_token = 'token';
      return { token_type: 'Bearer', access_token, expires_in: 3600, refresh_token: 'refresh' };
    }
    if (root !== 'sessions') return undefined;
    if (id === '' && request.method === 'POST') {
      const directory = await mkdtemp(join(tmpdir(), 'bare-session-'));
      directories.push(directory);
      const sessionId = randomUUID();
      sessions.set(sessionId, new BareSession(directory));
      return { sessionId };
    }
    const session = sessions.get(id);
    if (session === undefined) return undefined;
    switch (`${request.method} ${rest[0] ?? ''}`) {
      case 'POST execute':
        return session.execute(body as Execution);
      case 'GET console-output':
        return { consoleOutput: session.console };
      case 'POST cancel':
        session.interrupt();
        return 'cancelled';
      case 'GET files':
        return readFile(join(session.directory, rest[1] ?? ''));
      case 'DELETE files':
        await rm(join(session.directory, rest[1] ?? ''));
        return 'deleted';
      case 'DELETE ':
      case 'DELETE force':
        session.end();
        sessions.delete(id);
        return 'closed';
      default:
        return undefined;
    }
  };
  const loseSessions = () => {
    for (const session of sessions.values()) session.end();
    sessions.clear();
  };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await answer(request);
    response.statusCode = body === undefined ? 404 : request.url === '/sessions' ? 201 : 200;
    response.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    loseSessions,
    async close() {
      loseSessions();
      server.closeAllConnections();
      server.close();
      await Promise.all(directories.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
