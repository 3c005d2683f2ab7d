import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';

/** The parts of JSON schema that the API's schemas use. */
interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What is wrong with a request: which field, and what it must be. Never the value itself. */
export interface ValidationFinding {
  /** `body.inputParameters[0].name` */
  readonly field: string;
  readonly sentence: string;
}

/**
 * Says which field of a request does not match its schema, and what the schema wants there. Of
 * several mismatches the one deepest inside is told: the others follow from it.
 * @param part where it was: `body`, `params`, `querystring` or `headers`
 */
export function describeMismatch(
  errors: readonly TLocalizedValidationError[],
  schema: TSchema,
  part: string,
): ValidationFinding {
  let deepest: { readonly path: readonly string[]; readonly missing: boolean } = {
    path: [],
    missing: false,
  };
  for (const error of errors) {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer);
    const missing = error.keyword === 'required';
    if (missing) {
      path.push(...error.params.requiredProperties.slice(0, 1));
    }
    if (path.length > deepest.path.length) {
      deepest = { path, missing };
    }
  }
  const field = deepest.path.reduce(
    (text, key) => (/^\d+$/.test(key) ? `${text}[${key}]` : `${text}.${key}`),
    part === 'querystring' ? 'query' : part,
  );
  const expected = expectation(nodeAt(schema as SchemaNode, deepest.path));
  const problem = deepest.missing ? 'is missing' : 'is not valid';
  return { field, sentence: `${field} ${problem}: it must be ${expected}.` };
}

function nodeAt(root: SchemaNode, path: readonly string[]): SchemaNode | undefined {
  let nodes: readonly SchemaNode[] = alternatives(root);
  for (const key of path) {
    nodes = nodes
      .flatMap((node) => [
        node.properties?.[key],
        /^\d+$/.test(key) ? node.items : undefined,
        ...Object.values(node.patternProperties ?? {}),
      ])
      .filter((node) => node !== undefined)
      .flatMap(alternatives);
  }
  return nodes.length > 1 ? { anyOf: nodes } : nodes[0];
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}

function expectation(node: SchemaNode | undefined): string {
  if (node === undefined) {
    return 'as the API document (GET /swagger.json) says';
  }
  const texts = [...new Set(alternatives(node).map(expectationOfOne))];
  const last = texts.pop() as string;
  return texts.length === 0 ? last : `${texts.join(', ')} or ${last}`;
}

function expectationOfOne(node: SchemaNode): string {
  if (node.const !== undefined) {
    return JSON.stringify(node.const);
  }
  switch (node.type) {
    case 'string':
      return `a string${limits(node)}`;
    case 'integer':
      return `an integer${limits(node)}`;
    case 'number':
      return `a number${limits(node)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return 'an array';
    case 'object':
      return 'a JSON object';
    default:
      return 'any JSON value';
  }
}

function limits(node: SchemaNode): string {
  const parts = [
    node.minLength !== undefined && `at least ${node.minLength} characters`,
    node.maxLength !== undefined && `at most ${node.maxLength} characters`,
    node.minimum !== undefined && `at least ${node.minimum}`,
    node.maximum !== undefined && `at most ${node.maximum}`,
    node.pattern !== undefined && `matching ${node.pattern}`,
  ].filter((text) => text !== false);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
