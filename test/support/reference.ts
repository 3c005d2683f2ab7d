import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { projectRoot } from './server.js';

const FOLDER = join(projectRoot, '..', 'shared', 'reference');

/** Versions of the API whose document the vendor has published. */
export type ReferenceVersion = '9.1' | '9.3';

/** The vendor's Swagger documents, which are beside the project and not part of it. */
export const REFERENCE_PATHS: Readonly<Record<ReferenceVersion, string>> = {
  '9.1': process.env.RSERVER_SWAGGER ?? join(FOLDER, 'rserver-swagger-9.1.0.json'),
  '9.3': process.env.RSERVER_SWAGGER_9_3 ?? join(FOLDER, 'mlserver-swagger-9.3.0.json'),
};

/** Whether the documents are there; a test without them has nothing to compare with. */
export const hasReference = Object.values(REFERENCE_PATHS).every(existsSync);

interface Schema {
  [key: string]: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly schema?: Schema; readonly description?: string }>
  >;
}

/** As much of a document as is needed to check answers. */
export interface SwaggerDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** Fields that answers carry as null; recorded calls and the vendor's own clients have them so. */
const NULLABLE: ReadonlySet<string> = new Set([
  'WebService.description',
  'WebService.snapshotId',
  'WebService.initCode',
  'StatusResponse.components',
  'AccessTokenResponse.token_type',
  'AccessTokenResponse.access_token',
  'AccessTokenResponse.expires_on',
  'AccessTokenResponse.refresh_token',
]);

/** Fields that an answer may lack: strangers do not see the code of a service. */
const OPTIONAL: ReadonlySet<string> = new Set(['WebService.code', 'WebService.initCode']);

/** `expires_on` is a string in the document and a number in every recorded call. */
const NUMBERS: ReadonlySet<string> = new Set(['AccessTokenResponse.expires_on']);

/** One operation of the document. */
export interface ReferenceOperation {
  /** In capitals. */
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operationId: string;
  /** As `path id`, in the order of the document. */
  readonly parameters: readonly string[];
  /** Of an answer that is no failure. */
  readonly statuses: readonly string[];
  /** Of failures, as the text of the document lists them. */
  readonly failures: readonly number[];
}

/** A Swagger document to compare answers with: the vendor's of one version, or another one. */
export class Reference {
  readonly #document: SwaggerDocument;
  readonly #ajv = new Ajv({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(source: ReferenceVersion | SwaggerDocument = '9.1') {
    this.#document =
      typeof source === 'string'
        ? (JSON.parse(readFileSync(REFERENCE_PATHS[source], 'utf8')) as SwaggerDocument)
        : source;
    const definitions = Object.fromEntries(
      Object.entries(this.#document.definitions).map(([name, schema]) => [
        name,
        toJsonSchema(schema, name),
      ]),
    );
    this.#ajv.addSchema({ $id: 'reference', definitions });
  }

  get operations(): readonly ReferenceOperation[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operationId: operation.operationId,
        parameters: (operation.parameters ?? []).map((one) => `${one.in} ${one.name}`),
        statuses: Object.keys(operation.responses).filter((status) => status !== 'default'),
        failures: [
          ...(operation.responses.default?.description ?? '').matchAll(/\* `(\d{3})` - /g),
        ].map(([, status]) => Number(status)),
      })),
    );
  }

  /** The fields of a definition, undefined where the document has none of that name. */
  fieldsOf(definition: string): readonly string[] | undefined {
    const schema = this.#document.definitions[definition];
    return schema && Object.keys(schema.properties ?? {});
  }

  /**
   * What is wrong with an answer, by the schema of its operation and status. Every field that the
   * schema names must be there. Empty when the answer conforms.
   * @param body the parsed JSON, or undefined for an answer without a JSON body
   */
  mismatches(operationId: string, status: number, body: unknown): readonly string[] {
    const operation = this.#operation(operationId);
    const declared = operation.responses[status] ?? (status >= 400 && operation.responses.default);
    if (!declared) {
      return [`${operationId} declares no answer with status ${status}`];
    }
    if (declared.schema === undefined || declared.schema.type === 'file') {
      return [];
    }
    const validate = this.#validator(declared.schema);
    if (validate(body)) {
      return [];
    }
    return (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
  }

  #operation(operationId: string): Operation {
    for (const methods of Object.values(this.#document.paths)) {
      for (const operation of Object.values(methods)) {
        if (operation.operationId === operationId) {
          return operation;
        }
      }
    }
    throw new Error(`The reference has no operation ${operationId}.`);
  }

  #validator(schema: Schema): ValidateFunction {
    const key = JSON.stringify(schema);
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      validate = this.#ajv.compile(toJsonSchema(schema, ''));
      this.#validators.set(key, validate);
    }
    return validate;
  }
}

/**
 * A Swagger schema as JSON schema. A plain `type: object` stands for any JSON value there, as real
 * answers show; formats are documentation.
 * @param path the definition and field that the schema belongs to, as `WebService.code`
 */
function toJsonSchema(schema: Schema, path: string): Schema {
  if (typeof schema.$ref === 'string') {
    return { $ref: schema.$ref.replace('#/', 'reference#/') };
  }
  const properties = schema.properties as Record<string, Schema> | undefined;
  const { additionalProperties, items } = schema as Record<string, Schema | undefined>;
  const openObject = schema.type === 'object' && !properties && !additionalProperties;
  const isLabel = (schema['x-ms-enum'] as { modelAsString?: boolean } | undefined)?.modelAsString;
  const types = [
    NUMBERS.has(path) ? 'number' : schema.type,
    ...(NULLABLE.has(path) || schema['x-nullable'] === true ? ['null'] : []),
  ];
  return {
    ...(openObject || schema.type === undefined ? {} : { type: types }),
    ...(schema.enum !== undefined && !isLabel ? { enum: schema.enum } : {}),
    ...(items ? { items: toJsonSchema(items, path) } : {}),
    ...(additionalProperties
      ? { additionalProperties: toJsonSchema(additionalProperties, path) }
      : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [
              name,
              toJsonSchema(property, `${path}.${name}`),
            ]),
          ),
          required: requiredOf(schema, path),
        }
      : {}),
  };
}

/**
 * Fields that an answer must have. The server's own document names them; the vendor's names two of
 * one definition, and recorded answers have all.
 */
function requiredOf(schema: Schema, path: string): readonly string[] {
  if (Array.isArray(schema.required) && path !== 'WebService') return schema.required as string[];
  const names = Object.keys((schema.properties ?? {}) as object);
  return names.filter((name) => !OPTIONAL.has(`${path}.${name}`));
}
