import {
  PARAMETER_TYPES,
  type ParameterDefinition,
  type PatchWebServiceRequest,
  resolveParameterType,
} from '../../api/index.js';
import type { ServiceRecord } from '../store/index.js';
import { InvalidServiceError } from './errors.js';

const MAX_NAME = 128;
const MAX_PARAMETERS = 1000;
const MAX_FILE_NAME = 255;

/** What of a service its publisher decides, apart from the snapshot. */
export type Definition = Pick<
  ServiceRecord,
  'code' | 'initCode' | 'description' | 'operationId' | 'inputs' | 'outputs' | 'outputFileNames'
>;

const EMPTY: Definition = {
  code: '',
  initCode: null,
  description: null,
  operationId: '',
  inputs: [],
  outputs: [],
  outputFileNames: [],
};

// Python's own words; they pass for identifiers but cannot be assigned to.
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);
const IDENTIFIER = /^[\p{XID_Start}_][\p{XID_Continue}]*$/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNUSABLE_IN_NAME = /[\u0000-\u001f\u007f/\\]/;

/**
 * Checks the name or the version of a service.
 * @throws {InvalidServiceError}
 */
export function checkName(kind: 'name' | 'version', value: string): void {
  const isUsable =
    value.trim().length >= 1 &&
    value.length <= MAX_NAME &&
    value !== '.' &&
    value !== '..' &&
    !UNUSABLE_IN_NAME.test(value);
  if (!isUsable) {
    throw new InvalidServiceError(
      `The ${kind} ${JSON.stringify(value.slice(0, MAX_NAME))} of the service cannot be used. Take 1 to ${MAX_NAME} characters that are not all spaces, without slashes, backslashes and control characters.`,
    );
  }
}

/**
 * The definition that a request makes of what was there. Absent and null keep; `[]` and `""` empty.
 * @throws {InvalidServiceError}
 */
export function define(request: PatchWebServiceRequest, base: Definition = EMPTY): Definition {
  const definition: Definition = {
    code: request.code ?? base.code,
    initCode: request.initCode ?? base.initCode,
    description: request.description ?? base.description,
    operationId: request.operationId ?? base.operationId,
    inputs: request.inputParameterDefinitions ?? base.inputs,
    outputs: request.outputParameterDefinitions ?? base.outputs,
    outputFileNames: request.outputFileNames ?? base.outputFileNames,
  };
  checkParameters('inputParameterDefinitions', definition.inputs);
  checkParameters('outputParameterDefinitions', definition.outputs);
  checkFileNames(definition.outputFileNames);
  return {
    ...definition,
    initCode: definition.initCode === '' ? null : definition.initCode,
    description: definition.description === '' ? null : definition.description,
  };
}

function checkParameters(field: string, definitions: readonly ParameterDefinition[]): void {
  if (definitions.length > MAX_PARAMETERS) {
    throw new InvalidServiceError(`${field} has more than ${MAX_PARAMETERS} entries.`);
  }
  const seen = new Set<string>();
  for (const { name, type } of definitions) {
    const shown = JSON.stringify(name.slice(0, 100));
    if (!IDENTIFIER.test(name) || KEYWORDS.has(name)) {
      throw new InvalidServiceError(
        `${field} has the name ${shown}, which cannot be a variable in Python. Use letters, digits and underscores, not beginning with a digit.`,
      );
    }
    if (seen.has(name)) {
      throw new InvalidServiceError(`${field} has the name ${shown} twice. Give each its own.`);
    }
    seen.add(name);
    if (resolveParameterType(type) === undefined) {
      throw new InvalidServiceError(
        `${field} gives ${shown} the type ${JSON.stringify(type.slice(0, 100))}, which does not exist. The types are ${PARAMETER_TYPES.join(', ')}; string and dataframe stand for character and data.frame.`,
      );
    }
  }
}

function checkFileNames(names: readonly string[]): void {
  for (const name of names) {
    const parts = name.split('/');
    const isInside = parts.every((part) => part !== '' && part !== '.' && part !== '..');
    if (!isInside || name.length > MAX_FILE_NAME || /[\0\\]/.test(name)) {
      throw new InvalidServiceError(
        `outputFileNames has ${JSON.stringify(name.slice(0, MAX_FILE_NAME))}, which is not a relative path inside the working directory. Name a file such as plot.png.`,
      );
    }
  }
  if (new Set(names).size < names.length) {
    throw new InvalidServiceError('outputFileNames names a file twice. Name each once.');
  }
}
