import type {
  KernelSessionControl,
  MagicContext,
  MagicInvocation,
  MimeBundle,
} from '../../kernel/magic-context.js';
import { runMagic } from '../../kernel/magics/index.js';
import { DATA_MIME_TYPE } from '../../kernel/output/index.js';
import { RServerClient } from '../../src/client/index.js';
import { attachSession, openSession, type SessionLink } from '../../src/session/index.js';
import type { TestServer } from './server.js';

/** What a magic did. */
export interface MagicRun {
  readonly shown: readonly MimeBundle[];
  readonly printed: string;
  /** The text of the last result. */
  readonly text: string;
  /** The data of the last result. */
  // biome-ignore lint/suspicious/noExplicitAny: assertions look into arbitrary data
  readonly data: any;
}

/** Runs magics as the kernel does, on a real session of a real server. */
export class MagicBench {
  private constructor(
    readonly client: RServerClient,
    private link: SessionLink,
    private name: string,
  ) {}

  static async start(server: TestServer): Promise<MagicBench> {
    const client = new RServerClient({
      url: server.url,
      credentials: { kind: 'password', username: 'admin', password: server.password },
    });
    const link = await openSession(client, { onMessage: () => undefined, name: 'bench' });
    return new MagicBench(client, link, 'bench');
  }

  /** Runs Python in the session; what it prints is the answer. */
  async python(code: string): Promise<string> {
    const answer = await this.client.sessions.execute(this.link.sessionId, { code });
    if (!answer.success) throw new Error(answer.errorMessage);
    return answer.consoleOutput;
  }

  /** Runs a cell with one magic: `%name …`, `x = %name …`, or `%%name …` and lines below. */
  async run(cell: string, signal = new AbortController().signal): Promise<MagicRun> {
    const shown: MimeBundle[] = [];
    let printed = '';
    await runMagic(read(cell), {
      link: async () => this.link,
      client: async () => this.client,
      session: this.#session,
      display: (bundle) => void shown.push(bundle),
      stream: (_name, text) => {
        printed += text;
      },
      input: () => Promise.reject(new Error('Nobody is there to ask.')),
      signal,
      execution: { silent: false, allowStdin: false },
    } satisfies MagicContext);
    const last = shown.at(-1);
    return { shown, printed, text: String(last?.['text/plain']), data: last?.[DATA_MIME_TYPE] };
  }

  async close(): Promise<void> {
    await this.link.close();
    await this.client.sessions.forceClose(this.link.sessionId);
    await this.client.close();
  }

  get #session(): KernelSessionControl {
    return {
      current: () => ({
        id: this.link.sessionId,
        name: this.name,
        url: this.client.url,
        user: 'admin',
      }),
      startNew: async ({ name = 'bench', snapshotId, runtime = 'Python' }) => {
        const link = await openSession(this.client, {
          onMessage: () => undefined,
          name,
          runtimeType: runtime,
          ...(snapshotId === undefined ? {} : { snapshotId }),
        });
        await this.#replace(link, name);
      },
      attach: async (id) =>
        this.#replace(await attachSession(this.client, id, () => undefined), id),
      noteSnapshot: () => undefined,
      forgetSnapshot: () => undefined,
      keep: async (seconds) =>
        void (await this.client.sessions.setLease(this.link.sessionId, seconds)),
      close: async () => {
        throw new Error('The bench keeps its session.');
      },
      connect: async () => {
        throw new Error('The bench keeps its server.');
      },
    };
  }

  async #replace(link: SessionLink, name: string): Promise<void> {
    await this.link.close();
    await this.client.sessions.forceClose(this.link.sessionId);
    this.link = link;
    this.name = name;
  }
}

function read(cell: string): MagicInvocation {
  const [first = '', ...lines] = cell.split('\n');
  const match = /^(?:(\w+)\s*=\s*)?%{1,2}(\w+)\s*(.*)$/.exec(first);
  if (match === null) throw new Error(`No magic in ${cell}`);
  const [, assignTo, name = '', args = ''] = match;
  return {
    name,
    args,
    line: 1,
    ...(assignTo === undefined ? {} : { assignTo }),
    ...(first.startsWith('%%') ? { body: lines.join('\n') } : {}),
  };
}
