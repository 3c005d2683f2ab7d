import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import type { JsonValue } from '../../src/api/index.js';
import { type Block, code, type Inline, type View } from '../output/index.js';

const Properties = Type.Object({
  properties: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        type: Type.Optional(Type.String()),
        description: Type.Optional(Type.String()),
      }),
    ),
  ),
});

/** What is summarised of a service's document; there is more in it. */
const Document = Type.Object({
  swagger: Type.String(),
  info: Type.Object({
    title: Type.String(),
    version: Type.String(),
    description: Type.Optional(Type.String()),
  }),
  paths: Type.Record(
    Type.String(),
    Type.Record(Type.String(), Type.Object({ operationId: Type.Optional(Type.String()) })),
  ),
  definitions: Type.Optional(
    Type.Intersect([
      Type.Object({
        InputParameters: Type.Optional(Properties),
        OutputParameters: Type.Optional(Properties),
      }),
      Type.Record(Type.String(), Type.Unknown()),
    ]),
  ),
});
const document = Compile(Document);

/** Where a document comes from. */
export interface SwaggerSource {
  readonly url: string;
  /** The document as the server sent it. */
  readonly text: string;
  readonly data: JsonValue;
}

/**
 * A service's document in short, with all of it folded below and as data; undefined when it is no
 * document of a service.
 */
export function swaggerView({ url, text, data }: SwaggerSource): View | undefined {
  if (!document.Check(data)) return undefined;
  const { swagger, info, paths, definitions = {} } = data;
  const { InputParameters: inputs, OutputParameters: outputs, ...others } = definitions;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Inline[] => [
      code(operation.operationId ?? ''),
      { text: `${method.toUpperCase()} ${path}`, code: true },
    ]),
  );
  const rows: [string, Inline][] = [['Document', { text: url, code: true }]];
  if (info.description) rows.push(['Description', info.description]);
  const names = Object.keys(others);
  if (names.length > 0) rows.push(['Definitions', names.join(', ')]);
  const blocks: Block[] = [
    { kind: 'fields', rows },
    {
      kind: 'table',
      columns: [{ title: 'Parameter' }, { title: 'Name' }, { title: 'Type' }, { title: 'JSON' }],
      rows: [...parameterRows('input', inputs), ...parameterRows('output', outputs)],
      empty: 'The service declares no inputs and no outputs.',
    },
    {
      kind: 'table',
      columns: [{ title: 'Operation' }, { title: 'Request' }],
      rows: operations,
      empty: 'The document describes no operation.',
    },
    { kind: 'code', title: 'Whole document', source: text, folded: 'everywhere' },
  ];
  return { title: `Swagger ${swagger} of ${info.title} ${info.version}`, blocks, data };
}

function parameterRows(
  direction: string,
  definition: Static<typeof Properties> | undefined,
): Inline[][] {
  return Object.entries(definition?.properties ?? {}).map(([name, { type, description }]) => [
    direction,
    code(name),
    description ?? '',
    type ?? '',
  ]);
}
