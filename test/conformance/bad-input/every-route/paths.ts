import type { Operation } from '../../../support/operations.js';
import { all, answerTo, type Expected, JSON_TYPE, type Rules, type Sent } from './rule.js';

/** What is hardly an id, a name or a file, as it stands in a path. */
export const ODD_PARTS = {
  'an id that nothing has': '00000000-0000-4000-8000-000000000000',
  'a word': 'not-an-id',
  '300 characters': 'x'.repeat(300),
  'a NUL': 'a%00b',
  'a slash': 'a%2Fb',
  'a way up': '..%2F..%2Fetc%2Fpasswd',
  'a backslash': 'a%5Cb',
  'a composed letter': 'caf%C3%A9',
  'a decomposed letter': 'cafe%CC%81',
  spaces: '%20%20',
  'half a character': '%E0%A4',
} as const;
export type OddPart = keyof typeof ODD_PARTS;

const PARTS = Object.keys(ODD_PARTS) as OddPart[];
const LETTERS = ['a composed letter', 'a decomposed letter'] as const;
const HARMLESS = ['an id that nothing has', 'a word', ...LETTERS] as const;

/** For every parameter: the percent signs are not those of a text. */
const UNREADABLE: Rules<OddPart> = [{ answers: { 'half a character': [400, 'INVALID_URL'] } }];

const unknown = (exceptionType: string): Rules<OddPart> => [
  { answers: all(PARTS, [404, exceptionType]) },
];

/** Of a service: one that is published gets the name, if it can be one. */
const OF_SERVICE: Rules<OddPart> = [
  {
    of: ['publishWebService', 'publishWebServiceVersion'],
    answers: { ...all(PARTS, [400, 'INVALID_SERVICE']), ...all(HARMLESS, [201]) },
  },
  {
    of: ['publishRealtimeWebServiceByName', 'publishRealtimeWebServiceByNameVersion'],
    answers: all(PARTS, [400, 'MISSING_MODEL']),
  },
  // R Server's clients take an empty list for a name that is free.
  { of: ['getAllWebServiceVersionsByName'], answers: all(PARTS, [200]) },
  ...unknown('SERVICE_NOT_FOUND'),
];

/** Of a file in a session's folder, which may have folders in it. */
const OF_FILE: Rules<OddPart> = [
  { answers: all([...HARMLESS, 'a slash', 'spaces'], [404, 'FILE_NOT_FOUND']) },
  { answers: all(PARTS, [400, 'BAD_FILE_NAME']) },
];

/** Of an object: a name of Python's, of any length. */
const OF_OBJECT: Rules<OddPart> = [
  {
    of: ['setWorkspaceObject'],
    answers: all([...LETTERS, '300 characters'], [400, 'OBJECT_TRANSFER']),
  },
  { answers: all([...LETTERS, '300 characters'], [404, 'OBJECT_NOT_FOUND']) },
  { answers: all(PARTS, [400, 'INVALID_OBJECT_NAME']) },
];

function rulesOf(path: string, parameter: string): Rules<OddPart> {
  const ofSession = path.startsWith('/sessions/');
  const rules: Readonly<Record<string, Rules<OddPart>>> = {
    id: unknown(ofSession ? 'SESSION_NOT_FOUND' : 'SNAPSHOT_NOT_FOUND'),
    snapshotId: unknown('SNAPSHOT_NOT_FOUND'),
    executionId: unknown('BATCH_NOT_FOUND'),
    index: [{ answers: all(PARTS, [400, 'INVALID_REQUEST']) }],
    name: OF_SERVICE,
    version: OF_SERVICE,
    fileName: ofSession ? OF_FILE : unknown('BATCH_FILE_NOT_FOUND'),
    objectName: OF_OBJECT,
  };
  return [...UNREADABLE, ...(rules[parameter] ?? [])];
}

/** What a route answers when one parameter of its path is odd, and nothing else is wrong. */
export function answerToPath(operation: Operation, parameter: string, part: OddPart): Expected {
  return answerTo(rulesOf(operation.path, parameter), operation, part);
}

/** The names of the parameters in a path. */
export const parametersOf = ({ path }: Operation): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

const CODE = { code: 'x = 1', runtimeType: 'Python' };

/** Bodies of the routes that read them before they look for what the path names. */
const BODIES: Readonly<Record<string, object>> = {
  executeCode: CODE,
  setSessionLease: { seconds: 60 },
  publishWebService: CODE,
  publishWebServiceVersion: CODE,
};

/** A body with which nothing but the path is wrong. */
export function bodyFor({ operationId }: Operation): Sent {
  const json = BODIES[operationId];
  return json === undefined ? {} : { headers: JSON_TYPE, body: JSON.stringify(json) };
}
