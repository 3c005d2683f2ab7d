/** The client that is generated from a Swagger document at run time; its package has no types. */
declare module 'swagger-client' {
  /** A request before it is sent. */
  interface OutgoingRequest {
    url: string;
    headers: Record<string, string>;
  }

  /** An answer; one with a status of 400 or more is thrown. */
  interface ClientAnswer {
    readonly status: number;
    readonly text: string;
    /** The parsed JSON. */
    readonly body: unknown;
    readonly data: unknown;
  }

  interface ExecuteOptions {
    readonly operationId: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly requestInterceptor?: (request: OutgoingRequest) => OutgoingRequest;
  }

  interface Client {
    execute(options: ExecuteOptions): Promise<ClientAnswer>;
  }

  const SwaggerClient: (options: { readonly spec: object }) => Promise<Client>;
  export default SwaggerClient;
}
