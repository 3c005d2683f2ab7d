import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as a scripted server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface Script {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A string goes out as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A real HTTP server that answers by a function: it stands for servers that misbehave. */
export class ScriptedServer {
  private constructor(
    readonly url: string,
    /** All requests so far, in order. */
    readonly seen: readonly SeenRequest[],
    private readonly stop: () => Promise<void>,
  ) {}

  static async start(answer: (request: SeenRequest) => Script): Promise<ScriptedServer> {
    const seen: SeenRequest[] = [];
    const server = createServer((request, response) => {
      serve(request, response, seen, answer).catch((error: unknown) =>
        response.destroy(error as Error),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new ScriptedServer(`http://127.0.0.1:${port}`, seen, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  close(): Promise<void> {
    return this.stop();
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  seen: SeenRequest[],
  answer: (request: SeenRequest) => Script,
): Promise<void> {
  const record: SeenRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    contentType: request.headers['content-type'],
    body: await text(request),
  };
  seen.push(record);
  const { status = 200, headers = {}, body = '' } = answer(record);
  const isText = typeof body === 'string';
  response.writeHead(status, {
    'content-type': isText ? 'text/plain' : 'application/json',
    ...headers,
  });
  response.end(isText ? body : JSON.stringify(body));
}
