import type { JsonValue, ParameterDefinition } from '../../src/api/index.js';
import { pythonLiteral, shorten } from '../output/index.js';
import type { FunctionDescription } from './describe-function.js';

/** Characters of what a card says of one type. */
const NOTE_LENGTH = 80;

/**
 * Where each type of a function's service comes from, in words.
 * @param given what the user said with `--in` and `--out`.
 */
export function typeNotes(
  description: FunctionDescription,
  given: {
    readonly inputs: readonly ParameterDefinition[] | undefined;
    readonly outputs: readonly ParameterDefinition[] | undefined;
  },
): Map<string, string> {
  const { parameters, output } = description;
  const overridden = new Set(given.inputs?.map(({ name }) => name));
  const notes = parameters.map((parameter) => {
    const { name, type, origin, annotation, optional, default: value, inferred } = parameter;
    const hint = `its hint ${annotation ?? ''}`.trimEnd();
    const taken: Record<typeof origin, string> = {
      hint: inferred ? `${hint}: callers can send ${type} only; --in takes another` : hint,
      default: `its default ${pythonLiteral(value as JsonValue)}`,
      body: 'how the function uses it',
      nothing: 'nothing tells: assumed, hint it or use --in',
    };
    const source = overridden.has(name) ? '--in' : taken[origin];
    const hasDefault = optional && origin !== 'default' && value !== undefined && value !== null;
    const note = hasDefault ? `${source}; default ${pythonLiteral(value as JsonValue)}` : source;
    return [name, shorten(note, NOTE_LENGTH)] as const;
  });
  const returned: Record<typeof output.origin, string> = {
    hint: 'the return hint',
    default: '',
    body: 'its return statements',
    nothing: 'nothing tells: assumed, hint it or use --out',
  };
  const [named] = given.outputs ?? [];
  const outputNote = named === undefined ? returned[output.origin] : '--out';
  return new Map([...notes, [named?.name ?? output.name, outputNote]]);
}

/** What becomes of the default values of a function's parameters. */
export function defaultRemarks({ parameters, kept }: FunctionDescription): string[] {
  const remarks: string[] = [];
  const optional = parameters.filter((parameter) => parameter.optional).map(({ name }) => name);
  if (optional.length > 0) {
    remarks.push(
      `Callers send every input, also ${enumeration(optional)}: a service has no defaults. The calls below send those of the function.`,
    );
  }
  if (kept.length > 0) {
    const verb =
      kept.length === 1
        ? 'is no input and keeps its default'
        : 'are no inputs and keep their defaults';
    remarks.push(`${enumeration(kept)} ${verb}: no caller could send it as JSON.`);
  }
  return remarks;
}

/**
 * Warns of outputs that stand nowhere in the code of a service, so that every call would fail. One
 * that is set by other means than its name, as by `exec`, is warned of for nothing.
 */
export function unsetOutputs(
  code: string,
  inputs: readonly ParameterDefinition[],
  outputs: readonly ParameterDefinition[],
): string[] {
  const set = new Set([...(code.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []), ...names(inputs)]);
  const unset = names(outputs).filter((name) => !set.has(name));
  if (unset.length === 0) return [];
  const [verb, them] = unset.length === 1 ? ['stands', 'it'] : ['stand', 'them'];
  return [
    `${enumeration(unset)} ${verb} nowhere in this code, so that calls will fail: set ${them} there, or take ${them} out of --out.`,
  ];
}

const names = (definitions: readonly ParameterDefinition[]) => definitions.map(({ name }) => name);

/** `a`, `a and b`, `a, b and c`. */
function enumeration(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
