/** A schema of Swagger 2.0, as far as requests are made from it. */
export interface RequestSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: RequestSchema;
  readonly properties?: Readonly<Record<string, RequestSchema>>;
  readonly required?: readonly string[];
}

/** One parameter of an operation. */
export interface OperationParameter extends RequestSchema {
  readonly name: string;
  readonly in: 'path' | 'query' | 'body' | 'formData' | 'header';
  /** Of a body. */
  readonly schema?: RequestSchema;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly OperationParameter[];
  readonly consumes?: readonly string[];
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}

/** A Swagger document, as far as requests are made from it. */
export interface OperationsDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly definitions: Readonly<Record<string, RequestSchema>>;
}

/** One route of a server, by its own document. */
export interface Operation {
  readonly operationId: string;
  /** In capitals. */
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly parameters: readonly OperationParameter[];
  readonly consumes: readonly string[];
  readonly needsToken: boolean;
  /** That the document names: those of success, and those of failures in words. */
  readonly statuses: readonly number[];
}

/** The operations of a document, so that a new route is tested without another line. */
export function operationsOf({ paths }: OperationsDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      operationId: operation.operationId,
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      consumes: operation.consumes ?? [],
      needsToken: operation.security !== undefined,
      statuses: statusesOf(operation),
    })),
  );
}

function statusesOf({ responses }: DocumentedOperation): number[] {
  const failures = responses.default?.description?.matchAll(/\* `(\d{3})` - /g) ?? [];
  return [
    ...Object.keys(responses).filter((status) => status !== 'default'),
    ...[...failures].map(([, status]) => status),
  ].map(Number);
}
