import type { JsonValue, ParameterDefinition, WebService } from '../../src/api/index.js';
import type { RServerClient } from '../../src/client/index.js';
import { type Block, code, formatTime, type Inline, type View } from '../output/index.js';
import { exampleBlocks, exampleCalls } from './example-calls.js';
import { recentValues } from './recent-calls.js';

/** Address of the calls of a version. */
export function serviceUrl(client: RServerClient, name: string, version: string): string {
  return `${client.url}/api/${encodeURIComponent(name)}/${encodeURIComponent(version)}`;
}

/** What is told of an input or output besides its name and type, by its name. */
export type ParameterNotes = ReadonlyMap<string, string>;

/** The typed inputs and outputs of a version as one table. */
export function parametersBlock(
  service: {
    readonly inputParameterDefinitions: readonly ParameterDefinition[];
    readonly outputParameterDefinitions: readonly ParameterDefinition[];
  },
  notes?: ParameterNotes,
): Block {
  const row =
    (direction: string) =>
    ({ name, type }: ParameterDefinition): Inline[] => {
      const note =
        notes === undefined ? [] : [{ text: notes.get(name) ?? '', tone: 'muted' as const }];
      return [direction, code(name), type, ...note];
    };
  const columns = [{ title: 'Parameter' }, { title: 'Name' }, { title: 'Type' }];
  return {
    kind: 'table',
    columns: notes === undefined ? columns : [...columns, { title: 'Taken from' }],
    rows: [
      ...service.inputParameterDefinitions.map(row('input')),
      ...service.outputParameterDefinitions.map(row('output')),
    ],
    empty: 'The service declares no inputs and no outputs.',
  };
}

/** One version of a service, with calls that can be pasted. */
export function serviceView(
  client: RServerClient,
  service: WebService,
  options: {
    readonly title?: Inline;
    readonly notes?: ParameterNotes;
    /** What is told between the parameters and the calls. */
    readonly details?: readonly Block[];
    readonly examples?: Readonly<Record<string, JsonValue>>;
    /** Added to what programs read. */
    readonly data?: Readonly<Record<string, JsonValue>>;
  } = {},
): View {
  const { name, version } = service;
  const url = serviceUrl(client, name, version);
  const swagger = `${url}/swagger.json`;
  const calls = exampleCalls({
    url,
    embedded: client.embedded,
    inputs: service.inputParameterDefinitions,
    outputs: service.outputParameterDefinitions,
    examples: { ...recentValues(client, name), ...options.examples },
  });
  const files = service.outputFileNames;
  return {
    title: options.title ?? `${name} ${version}`,
    blocks: [
      {
        kind: 'fields',
        rows: [
          ['URL', { text: url, code: true }],
          ['Swagger', { text: swagger, code: true }],
          ...optional('Description', service.description),
          ...optional('Operation', service.operationId),
          ...optional('Files', files.join(', ')),
          ['Published', `${formatTime(service.creationTime)} by ${service.versionPublishedBy}`],
        ],
      },
      parametersBlock(service, options.notes),
      ...(options.details ?? []),
      ...exampleBlocks(calls),
      ...codeBlocks(service),
    ],
    data: {
      ...options.data,
      service: { ...service },
      url,
      swagger,
      calls: { curl: calls.curl, python: calls.python, typescript: calls.typescript },
    },
  };
}

function codeBlocks(service: WebService): Block[] {
  const blocks: Block[] = [];
  if (service.initCode) {
    const source = service.initCode;
    blocks.push({ kind: 'code', title: 'Code that runs first', source, folded: 'everywhere' });
  }
  if (service.code !== undefined) {
    blocks.push({ kind: 'code', title: 'Code', source: service.code, folded: 'everywhere' });
  }
  return blocks;
}

function optional(label: string, value: string | null): [string, string][] {
  return value === null || value === '' ? [] : [[label, value]];
}
