import { homedir, tmpdir } from 'node:os';
import { expect } from 'vitest';
import { projectRoot, python, type TestServer } from './server.js';

/** What a refused request is answered with. */
export interface Refusal {
  readonly status: number;
  readonly exceptionType: string;
  /** Words that its sentence contains. */
  readonly words: string | RegExp;
}

/** The parts of an answer that tell about a refusal. */
interface RefusedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: { get(name: string): string | null };
}

/** A server whose folder nobody is told. */
type Place = Pick<TestServer, 'dataDirectory'>;

/** Characters of the longest sentence: it tells a person what to do, and echoes little. */
const LONGEST_SENTENCE = 1500;

const TRACEBACK = /Traceback|File "|\n\s+at |node_modules|\.[jt]s:\d+|site-packages/;

/**
 * Checks that a request was refused as every request must be: in JSON, with a sentence, without
 * anything of the server's inside.
 */
export function expectRefusal(server: TestServer, answer: RefusedAnswer, refusal: Refusal): void {
  const { status, exceptionType, words } = refusal;
  expect({ status: answer.status, text: answer.text }).toEqual({
    status,
    text: expect.stringContaining(`"exceptionType":"${exceptionType}"`),
  });
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  expect(body).toMatchObject({ message: expect.any(String), link: expect.any(String) });
  const message = body.message as string;
  if (typeof words === 'string') expect(message).toContain(words);
  else expect(message).toMatch(words);
  expectSentence(server, message);
}

/** Checks that a text for a caller is a sentence and shows nothing of the server's inside. */
export function expectSentence(server: Place, message: string): void {
  expect(message).toMatch(/[.!?]$/);
  expectPrivate(server, message);
}

/** Checks that a text for a caller is short and shows nothing of the server's inside. */
export function expectPrivate(server: Place, message: string): void {
  expect(message.length).toBeLessThan(LONGEST_SENTENCE);
  expect(message).not.toMatch(TRACEBACK);
  for (const place of [server.dataDirectory, projectRoot, python, tmpdir(), homedir()]) {
    // A home directory of "/" would be in every path.
    if (place.length > 1) expect(message).not.toContain(place);
  }
}
