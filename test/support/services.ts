import type { PublishWebServiceRequest, WebServiceResult } from '../../src/api/index.js';
import type { Answer, RequestOptions, TestServer } from './server.js';

/** Body of an answer that reports a failure of a call. */
export interface CallFailure {
  readonly message: string;
  readonly exceptionType: string;
  readonly code: number;
  readonly fields: string;
}

/** Publishes a Python service. @throws when the server refuses it */
export async function publish(
  server: TestServer,
  path: string,
  request: PublishWebServiceRequest,
  options: RequestOptions = {},
): Promise<void> {
  const answer = await tryPublish(server, path, request, options);
  if (answer.status !== 201) throw new Error(`${path} was not published: ${answer.text}`);
}

/** Publishes a Python service. @returns the answer, whatever it is */
export function tryPublish(
  server: TestServer,
  path: string,
  request: PublishWebServiceRequest,
  options: RequestOptions = {},
): Promise<Answer> {
  const json = { runtimeType: 'Python', ...request };
  return server.request('POST', `/services/${path}`, { ...options, json });
}

/** Calls a service. @throws when the answer is not a 200 */
export async function consume(
  server: TestServer,
  path: string,
  parameters: object = {},
): Promise<WebServiceResult> {
  const answer = await server.request('POST', `/api/${path}`, { json: parameters });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return answer.json<WebServiceResult>();
}

/** Runs code in a session of its own and saves the session. @returns the id of the snapshot */
export async function snapshotOf(server: TestServer, code: string): Promise<string> {
  const created = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
  const session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
  const executed = await server.request('POST', `${session}/execute`, { json: { code } });
  const { success, errorMessage } = executed.json<{ success: boolean; errorMessage: string }>();
  if (!success) throw new Error(errorMessage);
  const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
  await server.request('DELETE', `${session}/force`);
  return saved.json<{ snapshotId: string }>().snapshotId;
}
