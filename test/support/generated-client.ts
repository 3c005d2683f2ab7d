import SwaggerClient from 'swagger-client';
import type { TestServer } from './server.js';

/** A document of Swagger, as far as a client is generated from it. */
interface ClientDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { operationId?: string; responses?: object }>>>
  >;
}

/** A client with a method per operation, as generators make it. */
export interface GeneratedClient {
  /**
   * Calls an operation with its parameters by name, a body among them.
   * @returns the body of the answer
   * @throws when the answer has a status that the document does not declare for a success
   */
  call<T = unknown>(
    operationId: string,
    parameters?: Readonly<Record<string, unknown>>,
  ): Promise<T>;
  /** What the client was generated from offers. */
  readonly operationIds: readonly string[];
  /** Sets the token that goes with each further call. */
  authorize(token: string): void;
}

/** Generates a client of a server from a document that need not be the server's own. */
export async function generateClient(
  { url }: Pick<TestServer, 'url'>,
  document: object,
): Promise<GeneratedClient> {
  const spec = { ...document, schemes: ['http'], host: new URL(url).host };
  const client = await SwaggerClient({ spec });
  const operations = Object.values((document as ClientDocument).paths).flatMap((methods) =>
    Object.values(methods),
  );
  let token: string | undefined;
  return {
    operationIds: operations.flatMap(({ operationId }) => operationId ?? []),
    authorize(given) {
      token = given;
    },
    async call<T>(operationId: string, parameters: Readonly<Record<string, unknown>> = {}) {
      const answer = await client.execute({
        operationId,
        parameters,
        requestInterceptor(request) {
          if (token !== undefined) request.headers.Authorization = `Bearer ${token}`;
          return request;
        },
      });
      const declared = operations.find((one) => one.operationId === operationId)?.responses ?? {};
      if (!Object.hasOwn(declared, String(answer.status))) {
        throw new Error(`${operationId} answered ${answer.status}: ${answer.text}`);
      }
      return answer.body as T;
    },
  };
}
