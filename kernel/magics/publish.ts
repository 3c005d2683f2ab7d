import type { JsonValue, ParameterDefinition } from '../../src/api/index.js';
import { SessionHelperError } from '../../src/session/index.js';
import type { MagicContext } from '../magic-context.js';
import type { Arguments } from './arguments.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import {
  defaultValues,
  describeFunction,
  type FunctionDescription,
  functionCode,
} from './describe-function.js';
import { parseDefinitions } from './parameter-definitions.js';
import { type PublishDraft, publishDraft } from './publish-draft.js';
import { defaultRemarks, typeNotes, unsetOutputs } from './publish-notes.js';
import { evaluate, typesByName } from './session-values.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';

const OPTIONS = ['in', 'out', 'snapshot', 'init', 'files', 'description', 'alias', 'update'];

/** `%publish` and `%%publish`: a function or a cell becomes a versioned web service. */
export const publish: MagicDefinition = {
  name: 'publish',
  summary: 'Publishes a function, or a cell, as a versioned web service.',
  description: [
    'Inputs and outputs of a function come from its type hints; those of a cell from --in and --out. A call sets the inputs as variables, runs the code, and returns the outputs.',
    'The service is frozen: it keeps its own copy of what its code needs from this session. Publishing the same again changes nothing.',
  ],
  options: {
    in: {
      value: 'NAME:TYPE',
      multiple: true,
      kind: 'parameter type',
      summary: 'An input. Types: integer, numeric, character, logical, vector, matrix, data.frame.',
    },
    out: {
      value: 'NAME:TYPE',
      multiple: true,
      kind: 'parameter type',
      summary: 'An output, of the same types.',
    },
    snapshot: {
      value: 'auto|none|S',
      kind: 'snapshot',
      suggestions: ['auto', 'none'],
      summary:
        'auto saves what the code needs (the default), none nothing; S is a snapshot of yours.',
    },
    init: { value: 'CODE', summary: 'Code that runs before the code of the service.' },
    files: {
      value: 'a.png,b.csv',
      multiple: true,
      summary: 'Files that the code writes, to be returned.',
    },
    description: { value: 'TEXT', summary: 'What the service does.' },
    alias: { value: 'NAME', summary: 'Name of the operation in the Swagger document.' },
    update: { summary: 'Changes the version if it is there already.' },
  },
  forms: [
    {
      takes: [
        word('FUNCTION', 'function'),
        word('NAME', 'service'),
        optional('VERSION', 'version'),
      ],
      options: OPTIONS,
      summary: 'Publishes a function of the session.',
      run: publishFunction,
    },
    {
      cell: true,
      takes: [word('NAME', 'service'), optional('VERSION', 'version')],
      options: OPTIONS,
      summary: 'Publishes the lines below.',
      run: publishCell,
    },
  ],
  examples: [
    '%publish predict_species Iris V1.0',
    '',
    '%%publish Iris V1.0 --in flower_data:vector --out iris_species:vector',
    'iris_species = [names[i] for i in clf.predict([flower_data])]',
  ],
};

async function publishFunction(call: MagicCall, context: MagicContext): Promise<void> {
  const { arguments: given } = call;
  const options = readOptions(given);
  const description = await describeFunction(context, given.word(0).raw);
  const output = { name: description.output.name, type: description.output.type };
  const outputs = options.outputs ?? [output];
  if (outputs.length !== 1) throw new UsageError('%publish FUNCTION takes one --out.');
  const name = outputs[0]?.name ?? output.name;
  const named = { ...description, output: { ...description.output, name } };
  await publishDraft(context, {
    ...options.draft,
    name: given.word(1).text,
    version: given.optionalWord(2)?.text,
    code: functionCode(named),
    inputs: functionInputs(description, options.inputs ?? []),
    outputs,
    implied: { ...summaryOf(description), operationId: description.name },
    notes: typeNotes(description, options),
    remarks: defaultRemarks(description),
    examples: defaultValues(description),
  });
}

async function publishCell(call: MagicCall, context: MagicContext): Promise<void> {
  const { arguments: given, invocation } = call;
  const { draft, inputs = [], outputs = [] } = readOptions(given);
  const code = (invocation.body ?? '').trim() === '' ? '' : (invocation.body ?? '').trimEnd();
  if (code === '') {
    throw new UsageError('%%publish has no code below it. Write the code of the service there.');
  }
  await publishDraft(context, {
    ...draft,
    name: given.word(0).text,
    version: given.optionalWord(1)?.text,
    code,
    inputs,
    outputs,
    implied: {},
    remarks: [],
    warnings: unsetOutputs(`${draft.initCode ?? ''}\n${code}`, inputs, outputs),
    examples: await exampleValues(context, inputs),
  });
}

interface Options {
  readonly inputs: ParameterDefinition[] | undefined;
  readonly outputs: ParameterDefinition[] | undefined;
  readonly draft: Pick<
    PublishDraft,
    'snapshot' | 'initCode' | 'outputFileNames' | 'description' | 'operationId' | 'update'
  >;
}

function readOptions(given: Arguments): Options {
  const inputs = given.values('in');
  const outputs = given.values('out');
  return {
    inputs: inputs === undefined ? undefined : parseDefinitions('--in', inputs),
    outputs: outputs === undefined ? undefined : parseDefinitions('--out', outputs),
    draft: {
      snapshot: given.value('snapshot') ?? 'auto',
      initCode: given.value('init'),
      outputFileNames: given.values('files') ?? [],
      description: given.value('description'),
      operationId: given.value('alias'),
      update: given.flag('update'),
    },
  };
}

/** The parameters of the function; `--in` may give one another type. */
function functionInputs(
  description: FunctionDescription,
  overrides: readonly ParameterDefinition[],
): ParameterDefinition[] {
  const names = description.parameters.map(({ name }) => name);
  for (const { name } of overrides) {
    if (!names.includes(name)) {
      const hint = didYouMean(name, names) || ` Its parameters: ${names.join(', ') || 'none'}.`;
      throw new UsageError(`%publish: ${description.name} has no parameter "${name}".${hint}`);
    }
  }
  return description.parameters.map(({ name, type }) => ({
    name,
    type: overrides.find((override) => override.name === name)?.type ?? type,
  }));
}

/** The first paragraph of the docstring, where there is one. */
function summaryOf({ doc }: FunctionDescription): { description?: string } {
  const paragraph = (doc ?? '').trim().split(/\n\s*\n/)[0] ?? '';
  return paragraph === '' ? {} : { description: paragraph.replace(/\s+/g, ' ') };
}

/** Cells of a value that an example may have. */
const EXAMPLE_CELLS = 50;

/** Values of the session under the names of the inputs, where there are small ones. */
async function exampleValues(
  context: MagicContext,
  inputs: readonly ParameterDefinition[],
): Promise<Record<string, JsonValue>> {
  const found: Record<string, JsonValue> = {};
  for (const input of inputs) {
    const { name } = input;
    const size = `getattr(v, "size", len(v) if hasattr(v, "__len__") else 0)`;
    const expression = `(lambda v: v if ${size} <= ${EXAMPLE_CELLS} else None)(${name})`;
    try {
      const values = await evaluate(context, { [name]: expression }, typesByName([input]));
      if (values[name] !== undefined && values[name] !== null) found[name] = values[name];
    } catch (error) {
      // The session has no such variable, or one of another type: the call shows a made-up value.
      if (!(error instanceof SessionHelperError)) throw error;
    }
  }
  return found;
}
