import { setTimeout as delay } from 'node:timers/promises';
import type { SessionLink } from '../../src/session/index.js';
import type { OwnRequests } from '../own-requests.js';

/** What a name of the workspace stands for, and under which key its members are listed. */
export interface KnownName {
  /** `module`, `class`, `function` or `instance`. */
  readonly kind: string;
  readonly members: string;
}

/** Where names are asked for, and when. */
export interface NameSource {
  readonly own: OwnRequests;
  /** The open link, if there is one. */
  link(): SessionLink | undefined;
  /** The subshell that answers questions, where the session has one. */
  subshell(): Promise<string | undefined>;
  /** Whether a cell runs: it changes names, and the interpreter may have no time for us. */
  isCellRunning(): boolean;
  onProblem(error: Error): void;
}

/**
 * Milliseconds of rest after the last cell: cells that run one after the other are not disturbed.
 */
const REST = 150;

/** Characters of the cells since the last rest that are kept; the latest count. */
const MOST_TEXT = 65_536;

/** The key of Python's own names among the members. */
const BUILTINS = 'module builtins';

/**
 * The names that the session had when it was last at rest, and what its modules and classes have:
 * what can be completed while the session is too busy to say.
 */
export class KnownNames {
  #names = new Map<string, KnownName>();
  readonly #members = new Map<string, readonly string[]>();
  #keywords: readonly string[] = [];
  #refreshing: Promise<void> | undefined;
  /** What has run since the names were asked for. */
  #recentCode = '';
  /** The link over which completion has been tried out. */
  #warm: SessionLink | undefined;
  /** The link over which the session said that it cannot tell. */
  #unable: SessionLink | undefined;
  /** Grows when code has run; tells whether an answer is out of date. */
  #changes = 0;

  constructor(private readonly source: NameSource) {}

  /** The names of the workspace. */
  get workspace(): ReadonlyMap<string, KnownName> {
    return this.#names;
  }

  /** Names that Python has by itself, with what each is. */
  *python(): Generator<{ text: string; type: string }> {
    for (const text of this.#keywords) yield { text, type: 'keyword' };
    for (const text of this.#members.get(BUILTINS) ?? []) yield { text, type: 'builtin' };
  }

  /** What comes after the dot behind a name; empty where that is not known. */
  membersOf(name: string): readonly string[] {
    const known = this.#names.get(name);
    return (known && this.#members.get(known.members)) ?? [];
  }

  /** Source of the cells whose names are not known yet. */
  get recentCode(): string {
    return this.#recentCode;
  }

  /** Says that a cell begins. */
  begins(code: string): void {
    this.#recentCode = `${this.#recentCode}\n${code}`.slice(-MOST_TEXT);
  }

  /** Says that the session is gone, and its names with it. */
  forget(): void {
    this.#names = new Map();
    this.#recentCode = '';
  }

  /** Says that code has run, or that there is another session. Asks for the names after a rest. */
  changed(): void {
    this.#changes += 1;
    this.#refreshing ??= this.#refresh()
      .catch(this.source.onProblem)
      .finally(() => {
        this.#refreshing = undefined;
      });
  }

  async #refresh(): Promise<void> {
    for (let seen = -1; seen !== this.#changes; ) {
      seen = this.#changes;
      await delay(REST, undefined, { ref: false });
      const link = this.source.link();
      if (link === undefined || link === this.#unable || this.source.isCellRunning()) return;
      if (seen !== this.#changes) continue;
      await this.#ask(link);
      if (this.#recentCode !== '' && link !== this.#warm) await this.#warmUp(link);
      if (seen === this.#changes) this.#recentCode = '';
    }
  }

  async #ask(link: SessionLink): Promise<void> {
    const { own } = this.source;
    const request = { op: 'known_names', known: [...this.#members.keys()] };
    // On control, where it does not stand in the way of the next cell.
    const reply = await own.request(link, 'control', 'slipway_request', request);
    if (reply.status === 'ok') this.#take(reply.result);
    else this.#unable = link;
  }

  /**
   * Has the session complete something once: it loads what it needs for that, which takes longer
   * than anybody waits while a cell runs.
   */
  async #warmUp(link: SessionLink): Promise<void> {
    const subshell = await this.source.subshell();
    if (subshell === undefined) return;
    this.#warm = link;
    const request = { code: 'pri', cursor_pos: 3 };
    await this.source.own.request(link, 'shell', 'complete_request', request, { subshell });
  }

  #take(result: unknown): void {
    const { names, members, keywords } = Object(result) as Record<string, unknown>;
    this.#keywords = texts(keywords);
    for (const [key, list] of Object.entries(Object(members))) this.#members.set(key, texts(list));
    this.#names = new Map();
    const inUse = new Set([BUILTINS]);
    for (const [name, entry] of Object.entries(Object(names))) {
      const { kind, members: key } = Object(entry) as Record<string, unknown>;
      this.#names.set(name, { kind: String(kind), members: String(key) });
      inUse.add(String(key));
    }
    // What no name leads to any more would pile up in a notebook that defines a class again.
    for (const key of this.#members.keys()) if (!inUse.has(key)) this.#members.delete(key);
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
