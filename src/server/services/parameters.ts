import { isUtf8 } from 'node:buffer';
import {
  type ParameterDefinition,
  type ParameterType,
  resolveParameterType,
} from '../../api/index.js';
import { checkJsonLimits } from '../json-limits.js';
import { jsonProblem } from '../json-problem.js';
import { InvalidCallBodyError, InvalidParameterError } from './errors.js';

/**
 * Checks the body of a call against what a service declares.
 * @throws {InvalidCallBodyError} {NestedTooDeepError} {IllFormedTextError}
 *   {InvalidParameterError}
 */
export type CallValidator = (body: Buffer) => void;

interface TypeRule {
  readonly accepts: (value: unknown) => boolean;
  /** As the end of "send …". */
  readonly expected: string;
}

/** Builds the validator of a service once, so that a call costs one parse and few comparisons. */
export function compileValidator(inputs: readonly ParameterDefinition[]): CallValidator {
  const rules = inputs.map(({ name, type }) => {
    const resolved = resolveParameterType(type);
    if (resolved === undefined) throw new TypeError(`${name} has the unknown type ${type}.`);
    return { name, type, ...RULES[resolved] };
  });
  const names = new Set(inputs.map(({ name }) => name));
  return (body) => {
    const values = parseObject(body);
    for (const { name, type, accepts, expected } of rules) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === null || accepts(value)) continue;
      throw new InvalidParameterError(
        value === undefined
          ? `The parameter ${name} is missing. Send ${expected} (its type is ${type}).`
          : `The parameter ${name} is ${describe(value)}, which is not of its type ${type}. Send ${expected}.`,
        name,
      );
    }
    for (const name in values) {
      if (!names.has(name)) throw unknownParameter(name, inputs);
    }
  };
}

function parseObject(body: Buffer): Record<string, unknown> {
  let values: unknown;
  try {
    values = body.byteLength === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    throw new InvalidCallBodyError(
      `The body is not valid JSON: ${jsonProblem(error as SyntaxError)}. Send an object with the parameters by name, such as {"x":1}.`,
      { cause: error },
    );
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InvalidCallBodyError(
      `The body is ${describe(values)}. Send a JSON object with the parameters by name, such as {"x":1}.`,
    );
  }
  if (!isUtf8(body)) {
    throw new InvalidCallBodyError('The body is not valid UTF-8. Encode the JSON as UTF-8.');
  }
  checkJsonLimits(body);
  return values as Record<string, unknown>;
}

function unknownParameter(
  name: string,
  inputs: readonly ParameterDefinition[],
): InvalidParameterError {
  const shown = JSON.stringify(name.slice(0, 100));
  const declared =
    inputs.length === 0
      ? 'The service takes no parameters'
      : `Its parameters are ${inputs.map((input) => `${input.name} (${input.type})`).join(', ')}`;
  return new InvalidParameterError(
    `The service has no parameter ${shown}. ${declared}.`,
    name.slice(0, 100),
  );
}

const NUMBER_WORDS = new Set<unknown>(['NaN', 'Infinity', '-Infinity']);

const RULES: Readonly<Record<ParameterType, TypeRule>> = {
  integer: { accepts: Number.isInteger, expected: 'a whole number' },
  numeric: {
    accepts: (value) => typeof value === 'number' || NUMBER_WORDS.has(value),
    expected: 'a number',
  },
  character: { accepts: (value) => typeof value === 'string', expected: 'a text' },
  logical: { accepts: (value) => typeof value === 'boolean', expected: 'true or false' },
  vector: { accepts: Array.isArray, expected: 'an array, such as [1,2,3]' },
  matrix: { accepts: isMatrix, expected: 'an array of rows of one length, such as [[1,2],[3,4]]' },
  'data.frame': {
    accepts: isDataFrame,
    expected: 'an object of columns of one length, such as {"a":[1,2],"b":["x","y"]}',
  },
};

function isMatrix(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const rows: unknown[] = value;
  const [first] = rows;
  return rows.every(
    (row) => Array.isArray(row) && row.length === (first as readonly unknown[]).length,
  );
}

function isDataFrame(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    // A list of records is a data frame too.
    return value.every(
      (record) => typeof record === 'object' && record !== null && !Array.isArray(record),
    );
  }
  const columns: unknown[] = Object.values(value);
  const [first] = columns;
  return columns.every(
    (column) => Array.isArray(column) && column.length === (first as readonly unknown[]).length,
  );
}

/** What a value is, without showing what may be private. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'string':
      return 'a text';
    case 'boolean':
      return String(value);
    default:
      return `the number ${String(value)}`;
  }
}
