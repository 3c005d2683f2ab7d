import type { Operation } from '../../../support/operations.js';
import { all, answerTo, type Expected, JSON_TYPE, type Rules, type Sent } from './rule.js';

/** Bytes that a body may have on the server of these tests. */
export const MAX_BODY = 200_000;

const json = (body: string | Uint8Array): Sent => ({ headers: JSON_TYPE, body });

/** What no route that reads JSON takes. */
export const ODD_BODIES = {
  'a body that is cut off': json('{"name":"a'),
  'a body of another type': { headers: { 'content-type': 'application/xml' }, body: '<name/>' },
  'a form': {
    headers: { 'content-type': 'multipart/form-data; boundary=B' },
    body: '--B\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n--B--\r\n',
  },
  'a body that is compressed': {
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    body: Buffer.from('1f8b08000000000000ffabae05000cdb5cf802000000', 'hex'),
  },
  'a body in Latin-1': json(Buffer.from('{"name":"caf\u00e9"}', 'latin1')),
  'a body with half a character': json('{"name":"\\ud83d"}'),
  'a body 600 levels deep': json(`{"name":${'['.repeat(600)}${']'.repeat(600)}}`),
  'a body that is too large': json(`{"name":"${'x'.repeat(1.5 * MAX_BODY)}"}`),
  'a body that is announced as too large': {
    headers: { ...JSON_TYPE, 'content-length': '99999999999' },
    body: '{',
  },
  'an array of arrays': json('[[]]'),
  null: json('null'),
  'a text': json('"{}"'),
} satisfies Record<string, Sent>;
export type OddBody = keyof typeof ODD_BODIES;

const BODIES = Object.keys(ODD_BODIES) as OddBody[];
const NO_OBJECTS = ['an array of arrays', 'null', 'a text'] as const;

const RULES: Rules<OddBody> = [
  { answers: { 'a body that is compressed': [415, 'COMPRESSED_BODY'] } },
  // What it takes is bytes, whatever they are called.
  {
    of: ['setWorkspaceObject'],
    answers: {
      ...all(BODIES, [400, 'OBJECT_TRANSFER']),
      'a body that is announced as too large': [413, 'BODY_TOO_LARGE'],
    },
  },
  // Its rows are read as they come.
  {
    of: ['StartBatchExecution'],
    answers: all(BODIES, [400, 'INVALID_BATCH']),
  },
  { of: ['ConsumeWebService'], answers: all(NO_OBJECTS, [400, 'INVALID_JSON']) },
  {
    answers: {
      'a body 600 levels deep': [400, 'NESTED_TOO_DEEP'],
      'a body that is too large': [413, 'BODY_TOO_LARGE'],
      'a body that is announced as too large': [413, 'BODY_TOO_LARGE'],
    },
  },
  { answers: all(NO_OBJECTS, [400, 'INVALID_REQUEST']) },
  { answers: all(BODIES, [400, 'INVALID_JSON']) },
];

/** What a route that takes a body answers to a bad one. */
export function answerToBody(operation: Operation, body: OddBody): Expected {
  return answerTo(RULES, operation, body);
}
