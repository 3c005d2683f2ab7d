import { PROTOCOL_VERSION } from '../jupyter/index.js';

/** What is known of a plain session without asking it. */
export interface KnownSession {
  /** Version of its Python. */
  readonly python: string;
  readonly hasIPython: boolean;
  readonly banner: string;
  /** The names that the user's code had defined when the last cell ended. */
  readonly names: readonly string[];
  /** Those of them that are functions. */
  readonly functions: readonly string[];
}

/** The content of a request. */
type Content = Readonly<Record<string, unknown>>;

/** Reads what the helper tells of its session. */
export function readKnown(info: Content): KnownSession {
  return {
    python: String(info.python),
    hasIPython: info.ipython === true,
    banner: String(info.banner),
    names: texts(info.names),
    functions: texts(info.functions),
  };
}

/** A list of texts; what is none has none. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The content of the answer to what is asked of a session beside its cells. */
export function answerBeside({ op }: Content, { names, functions }: KnownSession): object {
  if (op === 'workspace_list') return { status: 'ok', result: { names, functions } };
  return notThere(`answer to ${String(op)} beside its cells`);
}

/** The content of the answer to a request for what such a session does not have. */
export function notThere(what: string): object {
  const ename = 'NotSupportedByServerError';
  const evalue = `A session of a server that has the API of R Server 9.1 alone has no ${what}.`;
  return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

/** The content of a `kernel_info_reply`. What needs a way into a running session is not offered. */
export function kernelInfo({ python, hasIPython, banner }: KnownSession): object {
  const lexer = hasIPython ? 'ipython' : 'python';
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'slipway_rest',
    implementation_version: '1',
    language_info: {
      name: 'python',
      version: python,
      mimetype: 'text/x-python',
      codemirror_mode: { name: lexer, version: 3 },
      pygments_lexer: `${lexer}3`,
      nbconvert_exporter: 'python',
      file_extension: '.py',
    },
    banner,
    help_links: [],
    supported_features: [],
  };
}

/** Characters before the cursor that a name can have. */
const NAME = /[\p{L}\p{N}_]*$/u;

/** The content of a `complete_reply` from the names known, while the session cannot be asked. */
export function completeFromNames(
  { code, cursor_pos: cursor }: Content,
  { names }: KnownSession,
): object {
  const before = Array.from(String(code)).slice(0, Number(cursor)).join('');
  const name = NAME.exec(before)?.[0] ?? '';
  // Attributes are known to the session alone.
  const isAttribute = before.at(-name.length - 1) === '.';
  const matches = name === '' || isAttribute ? [] : names.filter((known) => known.startsWith(name));
  return {
    status: 'ok',
    matches,
    cursor_start: Number(cursor) - Array.from(name).length,
    cursor_end: Number(cursor),
    metadata: {},
  };
}

/** The content of the answer to a request of the debugger, which there is none for. */
export function noDebugger({ seq, command }: Content): object {
  return {
    type: 'response',
    request_seq: seq ?? 0,
    success: false,
    command: command ?? '',
    message: 'This server has the API of R Server 9.1, which has no way to a debugger.',
  };
}
