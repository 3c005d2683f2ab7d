import fc from 'fast-check';
import type {
  Operation,
  OperationParameter,
  OperationsDocument,
  RequestSchema,
} from './operations.js';
import type { RawRequest } from './raw-http.js';

/** What is really on a server, so that requests come past the first refusal. */
export interface Targets {
  /** Values of parameters and fields by their names; as many as there are of each. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Values of the header Authorization: good ones, foreign ones and forged ones. */
  readonly authorizations: readonly [string, ...string[]];
}

/** One request of a fuzzer. */
export interface NonsenseRequest extends RawRequest {
  /** The operation that it is meant for. */
  readonly operation: Operation;
}

/** Python that does nothing to anybody: what a fuzzer runs must not be able to delete files. */
const HARMLESS = ['1', 'x = 1', 'y = 2 * x', 'print("a")', '1/0', 'x =', 'def', 'y = [x] * 3', ''];

const deep = fc.constantFrom(10, 499, 600, 20_000);
const hugeNumber = fc.constantFrom('1e308', '1e400', '-0', '9'.repeat(400), '9007199254740993');

const oddText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    ...['', ' ', '.', '..', '../../etc/passwd', 'a/b', 'a\\b', '/', 'a\0b', '\n', '\u202e'],
    ...['x'.repeat(300), 'é'.repeat(150), 'caf\u00e9', 'cafe\u0301', '\ufeff', '😀', 'NaN', 'null'],
    ...['__proto__', 'constructor', 'toString', 'CON', 'C:\\a', '%2e%2e', '$(x)', "' OR 1=1 --"],
    ...['00000000-0000-4000-8000-000000000000', '-1', '0', '1e9', '99999999999999999999'],
  ),
);

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: oddText },
  { weight: 1, arbitrary: fc.constantFrom(null, true, -1, 0.5, 2 ** 53, 1e308, [], {}) },
);

/** JSON that a schema allows, but for a field here and there. */
function fromSchema(
  schema: RequestSchema,
  name: string,
  document: OperationsDocument,
  targets: Targets,
): fc.Arbitrary<unknown> {
  const good = goodValue(schema, name, document, targets);
  return fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: oddValue });
}

function goodValue(
  schema: RequestSchema,
  name: string,
  document: OperationsDocument,
  targets: Targets,
): fc.Arbitrary<unknown> {
  const definition = schema.$ref && document.definitions[schema.$ref.replace(/^.*\//, '')];
  if (definition) return goodValue(definition, name, document, targets);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (/code$/i.test(name)) return fc.constantFrom(...HARMLESS);
  const known = targets.values[name];
  if (known !== undefined) return fc.oneof(fc.constantFrom(...known), oddText);
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.constantFrom('x', 'y', 'numeric', 'a.txt'), oddText);
    case 'integer':
      return fc.oneof(fc.integer({ min: -1, max: 3 }), fc.integer());
    case 'number':
      return fc.double();
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, name, document, targets), { maxLength: 3 });
    case 'object':
      return schema.properties === undefined
        ? fc.oneof(fc.constant({ x: 2 }), fc.object({ maxDepth: 2 }))
        : fc.record(
            Object.fromEntries(
              Object.entries(schema.properties).map(([key, property]) => [
                key,
                fromSchema(property, key, document, targets),
              ]),
            ),
            { requiredKeys: fieldsThatStay(schema) },
          );
    default:
      return oddValue;
  }
}

/** Fields that a request keeps; without them every one would end at the same refusal. */
function fieldsThatStay(schema: RequestSchema): string[] {
  return [...(schema.required ?? [])];
}

/** Text that is JSON, nearly JSON, or JSON of the kind that breaks readers. */
function jsonBody(value: fc.Arbitrary<unknown>): fc.Arbitrary<string | Uint8Array> {
  const text = value.map((one) => JSON.stringify(one) ?? '');
  return fc.oneof(
    { weight: 12, arbitrary: text },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, fc.nat(200))
        .map(([json, cut]) => json.slice(0, cut % (json.length + 1))),
    },
    { weight: 1, arbitrary: text.map((json) => `${json.slice(0, -1)},${json.slice(1)}`) },
    { weight: 1, arbitrary: text.map((json) => json.replaceAll('"', "'")) },
    {
      weight: 1,
      arbitrary: deep.map((depth) => `{"code":${'['.repeat(depth)}${']'.repeat(depth)}}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, hugeNumber)
        .map(([json, number]) => json.replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/, number)),
    },
    {
      weight: 1,
      arbitrary: text.map((json) => json.replace(/"/, '"\\ud800')),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('{"__proto__":{}}', '\0', 'null', '[]', '""', '\ufeff{}', '{}{}'),
    },
    { weight: 1, arbitrary: fc.nat(100_000).map((length) => `"${'x'.repeat(length)}"`) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  );
}

const BOUNDARY = 'boundary';

function formBody(fields: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof(fc.constantFrom('file', ...fields), oddText);
  const part = fc
    .tuple(name, fc.option(fc.oneof(fc.constantFrom('a.txt', 'b'), oddText)), oddText)
    .map(([field, fileName, content]) => {
      const file = fileName === null ? '' : `; filename="${fileName}"`;
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${file}\r\n\r\n${content}\r\n`;
    });
  return fc
    .tuple(
      fc.array(part, { maxLength: 3 }),
      fc.constantFrom(`--${BOUNDARY}--\r\n`, '', `--${BOUNDARY}`),
    )
    .map(([parts, end]) => parts.join('') + end);
}

/** Bytes of objects that can be read, and of none. Pickles that run anything are not among them. */
const objectBody: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.constantFrom('N.', 'I1\n.', '(lp0\n.', '\x80\x04N.', 'cno_such\nf\n.', ''),
  fc.uint8Array({ maxLength: 16 }).map((bytes) => bytes.filter((byte) => !OPCODES.has(byte))),
);

/** Opcodes of pickles that look up or call something: `c`, `i`, `R`, `o`, `b`, `\x81`, `\x92`, `\x93`. */
const OPCODES: ReadonlySet<number> = new Set([0x63, 0x69, 0x52, 0x6f, 0x62, 0x81, 0x92, 0x93]);

function bodyOf(operation: Operation, document: OperationsDocument, targets: Targets) {
  const { parameters } = operation;
  const body = parameters.find((one) => one.in === 'body');
  const fields = parameters.filter((one) => one.in === 'formData').map((one) => one.name);
  if (fields.length > 0) return formBody(fields);
  if (operation.consumes.includes('application/octet-stream')) return objectBody;
  return jsonBody(fromSchema(body?.schema ?? {}, 'body', document, targets));
}

function contentTypeOf(operation: Operation): fc.Arbitrary<string | undefined> {
  const isForm = operation.parameters.some((one) => one.in === 'formData');
  const usual = isForm ? `multipart/form-data; boundary=${BOUNDARY}` : 'application/json';
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant<string | undefined>(usual) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        undefined,
        ...['text/plain', 'application/octet-stream', 'multipart/form-data', 'nonsense', '*/*'],
        ...['multipart/form-data; boundary=other', 'application/json; charset=utf-16'],
      ),
    },
  );
}

/** A part of a path: encoded as it should be, or in ways that should be refused. */
function pathPart(name: string, targets: Targets): fc.Arbitrary<string> {
  const known = targets.values[name] ?? ['x'];
  const encoded = oddText.map((text) => encodeURIComponent(text.toWellFormed()));
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...known).map(encodeURIComponent) },
    { weight: 3, arbitrary: encoded },
    { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%ff', '%00', '..', '%2e%2e%2f', 'a;b') },
  );
}

function queryOf(parameters: readonly OperationParameter[]): fc.Arbitrary<string> {
  const names = parameters.filter((one) => one.in === 'query').map((one) => one.name);
  const pair = fc
    .tuple(fc.constantFrom(...names, 'x'), oddText)
    .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    {
      weight: names.length === 0 ? 1 : 5,
      arbitrary: fc.array(pair, { maxLength: 3 }).map((pairs) => `?${pairs.join('&')}`),
    },
  );
}

/** Requests to the operations of a server's own document: good, odd and broken ones. */
export function nonsenseRequests(
  document: OperationsDocument,
  operations: readonly Operation[],
  targets: Targets,
): fc.Arbitrary<NonsenseRequest> {
  const [good, ...others] = targets.authorizations;
  const authorization = fc.oneof(
    { weight: 9, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.constantFrom('', ...others) },
  );
  const ofOperation = operations.map((operation) => {
    const parts = operation.path
      .split('/')
      .map((part) =>
        part.startsWith('{') ? pathPart(part.slice(1, -1), targets) : fc.constant(part),
      );
    const takesBody = operation.parameters.some((one) => /body|formData/.test(one.in));
    const body = bodyOf(operation, document, targets);
    return fc
      .tuple(
        fc.tuple(...parts).map((all) => all.join('/')),
        queryOf(operation.parameters),
        takesBody ? fc.option(body, { freq: 20 }) : fc.option(body, { freq: 1 }),
        contentTypeOf(operation),
        authorization,
      )
      .map(([path, query, content, type, token]): NonsenseRequest => {
        const isEmpty = content === null;
        return {
          operation,
          method: operation.method,
          path: path + query,
          headers: {
            authorization: token,
            ...(isEmpty || type === undefined ? {} : { 'content-type': type }),
          },
          chunks: isEmpty ? [] : [content],
        };
      });
  });
  return fc.oneof(...ofOperation);
}
