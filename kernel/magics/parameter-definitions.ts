import {
  PARAMETER_TYPES,
  type ParameterDefinition,
  resolveParameterType,
} from '../../src/api/index.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';

/** What people write for the types of the wire, which are R's. */
const PYTHON_NAMES: Readonly<Record<string, string>> = {
  int: 'integer',
  float: 'numeric',
  str: 'character',
  bool: 'logical',
  list: 'vector',
  array: 'vector',
  DataFrame: 'data.frame',
};

/**
 * Reads `flower_data:vector` from an option.
 * @throws {UsageError} for a missing or unknown type, or a name given twice.
 */
export function parseDefinitions(
  option: '--in' | '--out',
  values: readonly string[],
): ParameterDefinition[] {
  const definitions = values.map((value) => parseDefinition(option, value));
  for (const [index, { name }] of definitions.entries()) {
    if (definitions.findIndex((each) => each.name === name) !== index) {
      throw new UsageError(`%publish: ${option} names "${name}" twice.`);
    }
  }
  return definitions;
}

function parseDefinition(option: string, value: string): ParameterDefinition {
  const [name = '', type, ...rest] = value.split(':').map((part) => part.trim());
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) || rest.length > 0) {
    throw new UsageError(
      `%publish: ${option} takes NAME:TYPE, as flower_data:vector, not "${value}".`,
    );
  }
  if (type === undefined || type === '') {
    throw new UsageError(
      `%publish: ${option} ${name} has no type. Write ${name}:TYPE with one of ${PARAMETER_TYPES.join(', ')}.`,
    );
  }
  if (resolveParameterType(type) === undefined) {
    const meant = PYTHON_NAMES[type];
    const hint =
      meant === undefined
        ? didYouMean(type, PARAMETER_TYPES) || ` Types: ${PARAMETER_TYPES.join(', ')}.`
        : ` Write ${name}:${meant}.`;
    throw new UsageError(`%publish: "${type}" is no type of ${name}.${hint}`);
  }
  return { name, type };
}
