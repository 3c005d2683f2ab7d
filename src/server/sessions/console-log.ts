import { decodeDict } from '../../jupyter/index.js';
import { kept } from './frame-memory.js';
import { executionState, type Incoming } from './incoming.js';

/** Bytes of console output that are kept of one execution: the last ones. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * What one execution has printed so far. Messages are kept as bytes and decoded when somebody
 * asks, because most sessions are never asked.
 */
class ConsoleLog {
  #text = '';
  #pieces: { readonly type: string; readonly content: Uint8Array }[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(readonly executionId: string) {}

  append(type: string, content: Uint8Array): void {
    this.#pieces.push({ type, content: kept(content) });
    this.#bytes += content.byteLength;
    // Decoding at twice the cap, and cutting then, costs each byte one decoding at most.
    if (this.#bytes > 2 * MAX_BYTES) this.text();
  }

  /** The output, its beginning replaced by a note when there was too much of it. */
  text(): string {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    this.#text += pieces.map(({ type, content }) => readText(type, content)).join('');
    const excess = this.#text.length - MAX_BYTES;
    if (excess > 0) {
      this.#dropped += excess;
      this.#text = this.#text.slice(excess);
    }
    if (this.#dropped === 0) return this.#text;
    return `[the first ${this.#dropped} characters of the output were not kept]\n${this.#text}`;
  }
}

/** The console of a session: the output of the execution that runs, or of the last one. */
export class SessionConsole {
  #current = new ConsoleLog('');

  /** Takes note of a published message; most are none of the console's business. */
  accept(incoming: Incoming): void {
    const cause = incoming.cause;
    if (cause?.type !== 'execute_request') return;
    if (executionState(incoming) === 'busy') {
      this.#current = new ConsoleLog(cause.id);
    } else if (cause.id === this.#current.executionId && isPrinted(incoming)) {
      this.#current.append(incoming.type, incoming.message.content);
    }
  }

  /** The log of the current or last execution; it stays that execution's when another begins. */
  get current(): Pick<ConsoleLog, 'text'> {
    return this.#current;
  }
}

/** A result larger than the log is a picture or a table that no console would show. */
function isPrinted({ type, message }: Incoming): boolean {
  if (type === 'stream') return true;
  return type === 'execute_result' && message.content.byteLength <= MAX_BYTES;
}

function readText(type: string, bytes: Uint8Array): string {
  const content = decodeDict(bytes, 'content');
  if (type === 'stream') return typeof content.text === 'string' ? content.text : '';
  const data = content.data;
  const plain =
    typeof data === 'object' && data !== null && 'text/plain' in data ? data['text/plain'] : '';
  return typeof plain === 'string' && plain !== '' ? `${plain}\n` : '';
}
