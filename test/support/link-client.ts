import type { RServerClient } from '../../src/client/index.js';
import {
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  parentId,
} from '../../src/jupyter/index.js';
import { attachSession, type SessionLink } from '../../src/session/index.js';

/** A message that a cell published. */
export interface Published {
  readonly type: string;
  /** The text of a stream, and JSON of everything else. */
  readonly content: string;
}

/** What came of a cell; stream texts that follow each other count as one. */
export interface RunCell {
  readonly reply: Record<string, unknown>;
  readonly published: Published[];
}

/** A link to a new session, and cells that run over it. */
export interface LinkClient {
  readonly link: SessionLink;
  /** Runs a cell. @throws {LinkEnd} of a link that ends meanwhile. */
  execute(code: string, onPublished?: () => void): Promise<RunCell>;
}

/** Starts a session and attaches to it. */
export async function attachToNewSession(client: RServerClient): Promise<LinkClient> {
  const sessionId = await client.sessions.create({ runtimeType: 'Python' });
  const cells = new Map<string, RunCell & { idle(): void; onPublished(): void }>();
  const link = await attachSession(client, sessionId, (channel, message) => {
    const cell = cells.get(parentId(message.parentHeader) ?? '');
    if (cell === undefined) return;
    const type = decodeHeader(message.header).msg_type;
    const content = decodeDict(message.content, 'content');
    if (channel === 'shell') Object.assign(cell.reply, content);
    else if (content.execution_state === 'idle') cell.idle();
    else append(cell.published, type, content);
    cell.onPublished();
  });
  return {
    link,
    async execute(code, onPublished = () => undefined) {
      const header = createHeader('execute_request', 'test', 'tester');
      const done = Promise.withResolvers<void>();
      const cell = { published: [], reply: {}, idle: () => done.resolve(), onPublished };
      cells.set(header.msg_id, cell);
      link.send(
        'shell',
        createMessage(header, { code, silent: false, store_history: true, allow_stdin: false }),
      );
      await Promise.race([done.promise, link.ended.then((end) => Promise.reject(end))]);
      return cell;
    },
  };
}

function append(published: Published[], type: string, content: Record<string, unknown>): void {
  const last = published.at(-1);
  const text = type === 'stream' ? String(content.text) : JSON.stringify(content);
  if (type === 'stream' && last?.type === 'stream') {
    published[published.length - 1] = { type, content: last.content + text };
  } else {
    published.push({ type, content: text });
  }
}
