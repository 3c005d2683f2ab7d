import type { Operation, OperationsDocument } from '../../../support/operations.js';
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

/** A value of each type that a field may have. */
const GOOD: Readonly<Record<string, string>> = {
  string: '"x"',
  integer: '1',
  number: '1',
  array: '[]',
};

/** What no field takes. */
const BAD = '{"odd":[]}';

/** A body in which one field comes twice, first as it should be and then as it must not be. */
export function bodyWithKeyTwice(
  { parameters }: Operation,
  definitions: OperationsDocument['definitions'],
): Sent & { readonly key: string } {
  const { schema = {} } = parameters.find((one) => one.in === 'body') ?? {};
  const named = schema.$ref === undefined ? schema : definitions[schema.$ref.replace(/^.*\//, '')];
  // The parameters of a service are those of the one that the tests have published.
  const fields = Object.entries(named?.properties ?? { x: { type: 'number' } });
  const good = fields.map(([key, { type = '' }]) => {
    const value = GOOD[type];
    if (value === undefined) throw new RangeError(`There is no good value of the type "${type}".`);
    return `"${key}":${value}`;
  });
  const [[key] = ['']] = fields;
  const object = `{${good.join(',')},"${key}":${BAD}}`;
  return { ...json(named?.type === 'array' ? `[${object}]` : object), key };
}

const TWICE: Rules<'twice'> = [
  { of: ['ConsumeWebService'], answers: { twice: [400, 'INVALID_PARAMETER'] } },
  { of: ['StartBatchExecution'], answers: { twice: [400, 'INVALID_BATCH'] } },
  { answers: { twice: [400, 'INVALID_REQUEST'] } },
];

/** What a route answers to a field that comes twice: the last one counts, and is what is wrong. */
export const answerToKeyTwice = (operation: Operation): Expected =>
  answerTo(TWICE, operation, 'twice');
