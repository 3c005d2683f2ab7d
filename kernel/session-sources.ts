import type { Session, Snapshot, WebService } from '../src/api/index.js';
import type { SessionLink } from '../src/session/index.js';
import {
  type Completion,
  codePointsBefore,
  inTime,
  RecentList,
  readCompleteReply,
} from './completion/index.js';
import type { CompletionSources, WorkspaceName } from './magics/index.js';
import { completeFromNames, type KnownNames } from './meanwhile/index.js';
import type { OwnRequests } from './own-requests.js';
import type { SessionKeeper } from './session-keeper.js';
import type { SessionProfile } from './session-profile.js';

/**
 * Milliseconds that a session gets to complete Python. While a cell computes, the interpreter's
 * lock may keep the answer away for long; an idle session needs long only the first time.
 */
const PATIENCE = { running: 230, idle: 1000 } as const;

interface SourceParts {
  readonly own: OwnRequests;
  /** What to go by when the session is late. */
  readonly known: KnownNames;
  readonly sessions: SessionKeeper;
  profile(): SessionProfile | undefined;
  isCellRunning(): boolean;
  onProblem(error: Error): void;
}

interface Lists {
  readonly link: SessionLink;
  readonly services: RecentList<WebService>;
  readonly snapshots: RecentList<Snapshot>;
  readonly sessions: RecentList<Session>;
  readonly files: RecentList<string>;
  readonly names: RecentList<WorkspaceName>;
}

/** What the current session and its server have; nothing while there is no connection. */
export class SessionSources implements CompletionSources {
  #lists: Lists | undefined;

  constructor(private readonly parts: SourceParts) {}

  async services(): Promise<readonly WebService[]> {
    return (await this.#current()?.services.items()) ?? [];
  }

  async snapshots(): Promise<readonly Snapshot[]> {
    return (await this.#current()?.snapshots.items()) ?? [];
  }

  async sessions(): Promise<readonly Session[]> {
    return (await this.#current()?.sessions.items()) ?? [];
  }

  async files(): Promise<readonly string[]> {
    return (await this.#current()?.files.items()) ?? [];
  }

  async names(): Promise<readonly WorkspaceName[]> {
    const told = (await this.#current()?.names.items()) ?? [];
    if (told.length > 0) return told;
    const known = [...this.parts.known.workspace];
    return known.map(([name, { kind }]) => ({ name, isFunction: kind === 'function' }));
  }

  async python(code: string, cursor: number): Promise<Completion> {
    const told = await this.askSession(code, cursor);
    return told ?? completeFromNames(code, cursor, this.parts.known);
  }

  /** Says that a cell has run: what it made is to be found by the next who completes. */
  changed(): void {
    if (this.#lists === undefined) return;
    const { services, snapshots, sessions, files, names } = this.#lists;
    for (const list of [services, snapshots, sessions, files, names]) list.forget();
  }

  /** What the session offers for code, IPython's magics included; undefined when it is late. */
  async askSession(code: string, cursor: number): Promise<Completion | undefined> {
    const link = this.parts.sessions.connected?.link;
    const isRunning = this.parts.isCellRunning();
    const patience = isRunning ? PATIENCE.running : PATIENCE.idle;
    const ready = this.parts.profile()?.ready;
    const subshell = ready && (await inTime(ready, patience));
    // Without a subshell the question would wait behind the cell, and nobody for its answer.
    if (link === undefined || (subshell === undefined && isRunning)) {
      return undefined;
    }
    const content = { code, cursor_pos: codePointsBefore(code, cursor) };
    const options = subshell === undefined ? {} : { subshell };
    const asked = this.parts.own.request(link, 'shell', 'complete_request', content, options);
    const answered = asked.catch((error: Error) => {
      this.parts.onProblem(error);
      return undefined;
    });
    const reply = await inTime(answered, patience);
    return reply === undefined ? undefined : readCompleteReply(code, reply);
  }

  /** The lists for the session of now; another session, perhaps of another server, gets its own. */
  #current(): Lists | undefined {
    const connected = this.parts.sessions.connected;
    if (connected === undefined) return undefined;
    if (connected.link === this.#lists?.link) return this.#lists;
    const { client, link } = connected;
    const { onProblem } = this.parts;
    this.#lists = {
      link,
      services: new RecentList(() => client.services.list(), onProblem),
      snapshots: new RecentList(() => client.snapshots.list(), onProblem),
      sessions: new RecentList(() => client.sessions.list(), onProblem),
      files: new RecentList(() => client.sessions.listFiles(link.sessionId), onProblem),
      names: new RecentList(() => this.#listNames(link), onProblem),
    };
    return this.#lists;
  }

  /** The names of the workspace, told by the session's helper beside a running cell. */
  async #listNames(link: SessionLink): Promise<WorkspaceName[]> {
    const request = { op: 'workspace_list' };
    const reply = await this.parts.own.request(link, 'control', 'slipway_request', request);
    const { names, functions } = Object(reply.result) as Record<string, unknown>;
    if (!Array.isArray(names)) return [];
    const callable = new Set<unknown>(Array.isArray(functions) ? functions : []);
    return names.map((name) => ({ name: String(name), isFunction: callable.has(name) }));
  }
}
