import type { Operation } from '../../../support/operations.js';

/** What one route answers to one kind of bad input: a status and its error, or a success. */
export type Expected = readonly [status: number, exceptionType: string] | readonly [status: number];

/** What is sent beside the method and the token. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

/** What the routes of one kind answer, by the kinds of input; the first that says something counts. */
export type Rules<Input extends string> = readonly {
  /** Ids of the operations; all without it. */
  readonly of?: readonly string[];
  readonly answers: Readonly<Partial<Record<Input, Expected>>>;
}[];

/**
 * Looks up what a route answers.
 * @throws {RangeError} when no rule says it: a new kind of route needs a new one
 */
export function answerTo<Input extends string>(
  rules: Rules<Input>,
  { operationId }: Operation,
  input: Input,
): Expected {
  for (const { of, answers } of rules) {
    const answer = answers[input];
    if (answer !== undefined && (of === undefined || of.includes(operationId))) return answer;
  }
  throw new RangeError(`No rule says what ${operationId} answers to ${input}.`);
}

/** The same answer to several kinds of input. */
export function all<Input extends string>(
  inputs: readonly Input[],
  expected: Expected,
): Partial<Record<Input, Expected>> {
  return Object.fromEntries(inputs.map((input) => [input, expected])) as Record<Input, Expected>;
}
