import type {
  JsonValue,
  ParameterDefinition,
  WebService,
  WebServiceResult,
} from '../../src/api/index.js';
import { SessionHelperError } from '../../src/session/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { type ImageBlock, shorten, type View } from '../output/index.js';
import { consumeBatch } from './consume-batch.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import { withProgress } from './progress.js';
import { rememberCall } from './recent-calls.js';
import { findService } from './service-lookup.js';
import { assignOutputs, evaluateToTexts, type OutputText, typesByName } from './session-values.js';
import { show } from './show.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';
import { valueBlocks } from './value-blocks.js';

/** `%consume`: calls a web service with values of the session. */
export const consume: MagicDefinition = {
  name: 'consume',
  summary: 'Calls a web service with values from this session.',
  description: [
    'Values are Python expressions, evaluated in the session and sent as the types that the service declares. x = %consume … sets x to the output, or to a dict when there are several; a data.frame comes back as a DataFrame.',
    '--batch calls the service once for each row of a DataFrame, a list of dicts, or anything with rows, several at a time. x = %consume … --batch df sets x to a DataFrame with a line for each row; a column error is there when rows have failed. Interrupting the cell cancels the batch.',
  ],
  forms: [
    {
      takes: [word('NAME', 'service'), optional('VERSION', 'version')],
      parameters: true,
      options: ['batch', 'parallel', 'files'],
      assignable: true,
      summary: 'Calls a version; without VERSION, the newest.',
      run,
    },
  ],
  options: {
    batch: {
      value: 'EXPR',
      kind: 'variable',
      summary: 'Calls the service for each row of this value, in place of name=VALUE.',
    },
    parallel: {
      value: 'N',
      summary:
        'Rows of the batch that run at the same time; 10 by default, and no more than the service has workers.',
    },
    files: {
      value: 'FOLDER',
      kind: 'local file',
      summary:
        'Saves the files that the rows leave on the machine of the notebook, in FOLDER/ROW/NAME.',
    },
  },
  examples: [
    '%consume Iris V1.0 flower_data=[7, 3.2, 4.7, 1.4]',
    'species = %consume Iris flower_data=row',
    'answers = %consume Price V2 --batch frame --parallel 4',
    '%consume Price V2 table=frame.head(10) rate=(1 + margin)',
  ],
};

async function run(call: MagicCall, context: MagicContext): Promise<void> {
  if (call.arguments.value('batch') !== undefined) return consumeBatch(call, context);
  for (const option of ['parallel', 'files']) {
    if (call.arguments.value(option) === undefined) continue;
    throw new UsageError(`%consume: --${option} goes with --batch EXPR.`);
  }
  const name = call.arguments.word(0).text;
  const service = await findService(context, name, call.arguments.optionalWord(1)?.text);
  const { parameters } = call.arguments;
  checkParameters(service, parameters);
  const expressions = Object.fromEntries(parameters);
  const types = typesByName(service.inputParameterDefinitions);
  const client = await context.client();
  const { services } = client;
  const { version } = service;
  const { values, answer } = await withProgress(context, async (step) => {
    const given =
      parameters.size === 0
        ? {}
        : await step('Evaluating the inputs', () =>
            evaluateToTexts(context, expressions, types).catch((error: unknown) => {
              throw wrongInput(error, `${name} ${version}`);
            }),
          );
    const called = await step(`Calling ${name} ${version}`, () =>
      services.consumeTexts(name, version, given, context.signal),
    );
    return { values: given, answer: called };
  });
  const { result, outputs: texts } = answer;
  if (result.consoleOutput !== '') context.stream('stdout', result.consoleOutput);
  if (!result.success) {
    const reason = result.errorMessage.trim() || 'it gave no reason';
    throw new MagicError('ServiceError', `${name} ${service.version} failed: ${reason}`);
  }
  rememberCall(client, name, values);
  const outputs = outputsOf(service, texts);
  const { assignTo } = call.invocation;
  if (assignTo === undefined) show(context, resultView(service, outputs, result));
  else await assignOutputs(context, assignTo, outputs);
}

/** To the session an input is a value that leaves it; to the user it is what the service is given. */
function wrongInput(error: unknown, title: string): unknown {
  if (!(error instanceof SessionHelperError) || error.ename !== 'OutputValueError') return error;
  return new MagicError('InputValueError', `An input of ${title} cannot be sent: ${error.evalue}`);
}

/** Compares what is given with what the service declares. */
function checkParameters(service: WebService, given: ReadonlyMap<string, string>): void {
  const declared = service.inputParameterDefinitions;
  const title = `${service.name} ${service.version}`;
  const names = declared.map(({ name }) => name);
  for (const name of given.keys()) {
    if (!names.includes(name)) {
      const hint = didYouMean(name, names) || ` Its inputs: ${describe(declared)}.`;
      throw new UsageError(`${title} has no input "${name}".${hint}`);
    }
  }
  const missing = declared.filter(({ name }) => !given.has(name));
  if (missing.length > 0) {
    const call = declared.map(({ name }) => `${name}=VALUE`).join(' ');
    throw new UsageError(
      `${title} needs ${describe(missing)}. Write %consume ${service.name} ${service.version} ${call}`,
    );
  }
}

function describe(definitions: readonly ParameterDefinition[]): string {
  if (definitions.length === 0) return 'none';
  return definitions.map(({ name, type }) => `${name} (${type})`).join(', ');
}

/** The outputs in the order in which the service declares them, undeclared ones last. */
function outputsOf(service: WebService, texts: ReadonlyMap<string, string>): OutputText[] {
  const declared = service.outputParameterDefinitions;
  const others = [...texts.keys()].filter((name) => !declared.some((each) => each.name === name));
  return [...declared, ...others.map((name) => ({ name, type: '' }))].map(({ name, type }) => ({
    name,
    type,
    text: texts.get(name) ?? 'null',
  }));
}

const IMAGE_TYPES: Readonly<Record<string, ImageBlock['mediaType']>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
};

function resultView(
  service: WebService,
  outputs: readonly OutputText[],
  result: WebServiceResult,
): View {
  const files = Object.entries(result.outputFiles);
  const images = files.flatMap(([name, base64]): ImageBlock[] => {
    const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
    const mediaType = IMAGE_TYPES[ending];
    if (mediaType === undefined || base64 === null) return [];
    return [{ kind: 'image', title: name, mediaType, base64 }];
  });
  const values = outputs.map(({ name, type, text }) => {
    return { name, type, text, value: JSON.parse(text) as JsonValue };
  });
  const blocks = values.flatMap(({ name, type, text, value }) =>
    valueBlocks(name, type, value, text),
  );
  if (files.length > 0) {
    const names = files.map(([name, base64]) => (base64 === null ? `${name} (not made)` : name));
    blocks.push({ kind: 'note', tone: 'muted', text: `Files: ${shorten(names.join(', '), 300)}` });
  }
  if (blocks.length === 0) {
    blocks.push({
      kind: 'note',
      tone: 'good',
      text: 'The service has run; it declares no outputs.',
    });
  }
  return {
    title: `${service.name} ${service.version}`,
    blocks: [...blocks, ...images],
    data: {
      service: service.name,
      version: service.version,
      outputParameters: Object.fromEntries(values.map(({ name, value }) => [name, value])),
      outputFiles: result.outputFiles,
      changedFiles: result.changedFiles,
    },
  };
}
