import type { JsonValue, ParameterDefinition } from '../../src/api/index.js';
import { type Block, pythonLiteral } from '../output/index.js';

/** What a ready-to-paste call needs to know. */
export interface CallTarget {
  /** `http://127.0.0.1:12800/api/Iris/V1.0`. */
  readonly url: string;
  /** Whether the server is the user's own: then the command line hands out its token. */
  readonly embedded: boolean;
  readonly inputs: readonly ParameterDefinition[];
  readonly outputs: readonly ParameterDefinition[];
  /** Values to call with, where some are at hand. */
  readonly examples: Readonly<Record<string, JsonValue>>;
}

/** Calls of a service that can be pasted. None holds a token: each takes it from elsewhere. */
export interface ExampleCalls {
  readonly curl: string;
  readonly python: string;
  readonly typescript: string;
  /** Inputs whose values are made up, for want of ones that are known to work. */
  readonly madeUp: readonly string[];
}

const EXAMPLE_VALUES: Readonly<Record<string, JsonValue>> = {
  integer: 1,
  numeric: 1.5,
  character: 'text',
  string: 'text',
  logical: true,
  vector: [1, 2, 3],
  matrix: [
    [1, 2],
    [3, 4],
  ],
  'data.frame': { column: [1, 2] },
  dataframe: { column: [1, 2] },
};

/** Longer values are replaced by an example of their type: a call should fit a screen. */
const EXAMPLE_LIMIT = 300;

export function exampleCalls(target: CallTarget): ExampleCalls {
  const madeUp: string[] = [];
  const values = target.inputs.map(({ name, type }): [string, JsonValue] => {
    const value = target.examples[name];
    if (value !== undefined && JSON.stringify(value).length <= EXAMPLE_LIMIT) return [name, value];
    madeUp.push(name);
    return [name, EXAMPLE_VALUES[type] ?? null];
  });
  const parameters = Object.fromEntries(values);
  return {
    curl: curlCall(target, parameters),
    python: pythonCall(target, parameters),
    typescript: typescriptCall(target, parameters),
    madeUp,
  };
}

/** The calls as blocks that fold. */
export function exampleBlocks(calls: ExampleCalls): Block[] {
  const text = `In these calls, put values of yours for ${calls.madeUp.join(', ')}.`;
  const hint: Block[] = calls.madeUp.length === 0 ? [] : [{ kind: 'note', tone: 'muted', text }];
  return [
    ...hint,
    { kind: 'code', title: 'Call with curl', source: calls.curl, folded: 'html' },
    { kind: 'code', title: 'Call with Python', source: calls.python, folded: 'everywhere' },
    { kind: 'code', title: 'Call with TypeScript', source: calls.typescript, folded: 'everywhere' },
  ];
}

type Parameters = Readonly<Record<string, JsonValue>>;

function curlCall({ url, embedded }: CallTarget, parameters: Parameters): string {
  const [start, header] = embedded
    ? ['slipway token --header | curl -sS -H @-', '']
    : ['curl -sS', ` -H "Authorization: Bearer $SLIPWAY_TOKEN"`];
  const body = shellQuote(JSON.stringify(parameters));
  return `${start}${header} -H 'Content-Type: application/json' \\\n  -d ${body} \\\n  ${shellQuote(url)}`;
}

function pythonCall({ url, embedded, outputs }: CallTarget, parameters: Parameters): string {
  const token = embedded
    ? [
        'token = subprocess.run(',
        '    ["slipway", "token"], capture_output=True, text=True, check=True',
        ').stdout.strip()',
      ]
    : ['token = os.environ["SLIPWAY_TOKEN"]'];
  return [
    embedded ? 'import subprocess' : 'import os',
    '',
    'import requests',
    '',
    ...token,
    'answer = requests.post(',
    `    ${JSON.stringify(url)},`,
    `    json=${pythonLiteral(parameters)},`,
    '    headers={"Authorization": f"Bearer {token}"},',
    ')',
    'answer.raise_for_status()',
    'result = answer.json()',
    'if not result["success"]:',
    '    raise RuntimeError(result["errorMessage"])',
    `print(result["outputParameters"]${outputKey(outputs)})`,
  ].join('\n');
}

function typescriptCall({ url, embedded, outputs }: CallTarget, parameters: Parameters): string {
  const token = embedded
    ? "const token = execFileSync('slipway', ['token'], { encoding: 'utf8' }).trim();"
    : 'const token = process.env.SLIPWAY_TOKEN;';
  return [
    ...(embedded ? ["import { execFileSync } from 'node:child_process';", ''] : []),
    token,
    `const answer = await fetch(${JSON.stringify(url)}, {`,
    "  method: 'POST',",
    "  headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + token },",
    `  body: JSON.stringify(${JSON.stringify(parameters)}),`,
    '});',
    "if (!answer.ok) throw new Error('The service answered with status ' + answer.status);",
    'const result = await answer.json();',
    'if (!result.success) throw new Error(result.errorMessage);',
    `console.log(result.outputParameters${outputKey(outputs)});`,
  ].join('\n');
}

/** `["answer"]` where there is one output, nothing where the caller takes all. */
function outputKey(outputs: readonly ParameterDefinition[]): string {
  const [only] = outputs;
  return only !== undefined && outputs.length === 1 ? `[${JSON.stringify(only.name)}]` : '';
}

function shellQuote(text: string): string {
  if (/^[\w./:@%+=-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
