import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operation, type OperationsDocument, operationsOf } from '../support/operations.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { TABLE } from './routes/table.js';

let server: TestServer;
let operations: readonly Operation[];
beforeAll(async () => {
  server = await startTestServer();
  const document = (await server.request('GET', '/swagger.json')).json<OperationsDocument>();
  operations = operationsOf(document);
});
afterAll(() => server.close());

describe('the document of the server', () => {
  it.each(TABLE)('names every status that $operationId answers', ({ operationId, exercises }) => {
    const documented = operations.find((one) => one.operationId === operationId)?.statuses;
    expect(documented).toEqual(expect.arrayContaining(exercises.map(({ status }) => status)));
  });

  it('has no route of which the table of routes and statuses says nothing', () => {
    const told = TABLE.map(({ operationId }) => operationId);
    const untold = operations.filter(({ operationId }) => !told.includes(operationId));
    // What only Slipway's own clients know is tested with the sessions.
    expect(untold.map(({ operationId }) => operationId)).toEqual([
      'listSessionDetails',
      'setSessionLease',
      'restartSession',
    ]);
  });
});
