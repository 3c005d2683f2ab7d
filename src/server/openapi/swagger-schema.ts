/** A schema as Swagger 2.0 has it: a subset of JSON schema. */
export interface SwaggerSchema {
  [key: string]: unknown;
}

/** Named schemas of a document. */
export type Definitions = Map<string, SwaggerSchema>;

/**
 * Stands for `$ref` while @fastify/swagger works on the schema, which would otherwise try to
 * resolve it.
 */
export const REFERENCE = 'x-slipway-ref';

const ENUM_NAME = 'x-ms-enum';

/**
 * Translates a schema of the API to Swagger 2.0: a schema with an `$id` becomes a definition, null
 * becomes `x-nullable`, alternatives of constants an enumeration, a record `additionalProperties`.
 * What Swagger cannot say (a union of types, any value) stays open.
 */
export function toSwaggerSchema(schema: unknown, definitions: Definitions): SwaggerSchema {
  const source = schema as SwaggerSchema;
  if (source.$defs !== undefined && typeof source.$ref === 'string') {
    const [target] = Object.entries(source.$defs as SwaggerSchema)
      .filter(([name]) => name === source.$ref)
      .map(([, definition]) => definition);
    return toSwaggerSchema(target, definitions);
  }
  if (typeof source.$ref === 'string') {
    return { [REFERENCE]: source.$ref };
  }
  if (typeof source.$id === 'string') {
    if (!definitions.has(source.$id)) {
      const definition: SwaggerSchema = {};
      definitions.set(source.$id, definition);
      Object.assign(definition, translate(source, definitions));
    }
    return { [REFERENCE]: source.$id };
  }
  return translate(source, definitions);
}

/** Replaces the stand-ins by references into the document. */
export function restoreReferences(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(restoreReferences);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const source = value as SwaggerSchema;
  if (typeof source[REFERENCE] === 'string') {
    return { $ref: `#/definitions/${source[REFERENCE]}` };
  }
  return Object.fromEntries(
    Object.entries(source).map(([key, entry]) => [key, restoreReferences(entry)]),
  );
}

function translate(source: SwaggerSchema, definitions: Definitions): SwaggerSchema {
  const { anyOf, $id, const: constant, patternProperties, properties, items, ...rest } = source;
  const target: SwaggerSchema = Array.isArray(anyOf)
    ? { ...translateUnion(anyOf as SwaggerSchema[], definitions), ...rest }
    : { ...rest };
  if (constant !== undefined) {
    target.enum = [constant];
  }
  if (patternProperties !== undefined) {
    const [values] = Object.values(patternProperties as SwaggerSchema);
    target.additionalProperties = toSwaggerSchema(values, definitions);
  }
  if (properties !== undefined) {
    target.properties = Object.fromEntries(
      Object.entries(properties as SwaggerSchema).map(([name, property]) => [
        name,
        toSwaggerSchema(property, definitions),
      ]),
    );
  }
  if (items !== undefined) {
    target.items = toSwaggerSchema(items, definitions);
  }
  return target;
}

function translateUnion(union: readonly SwaggerSchema[], definitions: Definitions): SwaggerSchema {
  const all = flatten(union);
  const options = all.filter((option) => option.type !== 'null');
  const nullable = options.length < all.length ? { 'x-nullable': true } : {};
  if (options.every((option) => option.const !== undefined)) {
    // The name that generators give to the alternatives stands at the innermost union.
    const named = union.find((option) => ENUM_NAME in option);
    return {
      type: 'string',
      enum: options.map((option) => option.const),
      ...nullable,
      ...(named === undefined ? {} : { [ENUM_NAME]: named[ENUM_NAME] }),
    };
  }
  const [only, ...others] = options;
  if (only === undefined || others.length > 0) {
    return nullable;
  }
  const translated = toSwaggerSchema(only, definitions);
  // Nothing may stand beside a reference.
  return REFERENCE in translated ? translated : { ...translated, ...nullable };
}

function flatten(union: readonly SwaggerSchema[]): readonly SwaggerSchema[] {
  return union.flatMap((option) =>
    Array.isArray(option.anyOf) ? flatten(option.anyOf as SwaggerSchema[]) : [option],
  );
}
