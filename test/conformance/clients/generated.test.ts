import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GeneratedClient, generateClient } from '../../support/generated-client.js';
import { hasReference, REFERENCE_PATHS } from '../../support/reference.js';
import { startTestServer, type TestServer } from '../../support/server.js';

/** The code of the article, with the sample as a row of a table: newer scikit-learn wants that. */
const TRAIN = [
  'from sklearn import svm\nfrom sklearn import datasets',
  "clf=svm.SVC()\niris=datasets.load_iris()\nnames={0:'I. setosa',1:'I. versicolor',2:'I. virginica'}",
];
const FIT =
  'clf.fit(iris.data, iris.target)\nresult=clf.predict([species_1])\nother_result=clf.predict([species_2])';
const PREDICT = 'iris_species = [names[x] for x in clf.predict([flower_data])]';
const VERSICOLOR = [7, 3.2, 4.7, 1.4];
const VIRGINICA_OR_VERSICOLOR = [3, 2.6, 3, 2.5];
const SETOSA = [5.1, 3.5, 1.4, 0.2];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const own = async () => (await server.request('GET', '/swagger.json')).json<object>();
const published = async () => JSON.parse(await readFile(REFERENCE_PATHS['9.1'], 'utf8')) as object;

const documents: [string, string, () => Promise<object>][] = [
  ['its own document', 'Iris', own],
  ...(hasReference
    ? [["R Server's document", 'IrisOfR', published] as [string, string, () => Promise<object>]]
    : []),
];

describe.each(documents)('a client that is generated from %s', (_what, name, document) => {
  let client: GeneratedClient;
  let session: string;
  let snapshot: string;
  const at = (version: string) => ({ name, version });

  beforeAll(async () => {
    client = await generateClient(server, await document());
  });

  it('logs in and sees that the server runs', async () => {
    const loginRequest = { username: 'admin', password: server.password };
    const tokens = await client.call<{ access_token: string }>('login', { loginRequest });
    client.authorize(tokens.access_token);
    expect(await client.call('status')).toMatchObject({ statusCode: 'pass' });
  });

  it('trains a model in a session, and saves it', async () => {
    const createSessionRequest = { name: 'Session 1', runtimeType: 'Python' };
    const created = await client.call<{ sessionId: string }>('createSession', {
      createSessionRequest,
    });
    session = created.sessionId;
    for (const code of TRAIN) {
      const executed = await client.call('executeCode', { id: session, executeRequest: { code } });
      expect(executed).toMatchObject({ success: true });
    }
    const executeRequest = {
      code: FIT,
      inputParameters: [
        { name: 'species_1', value: VERSICOLOR },
        { name: 'species_2', value: VIRGINICA_OR_VERSICOLOR },
      ],
      outputParameters: ['result', 'other_result'],
    };
    expect(await client.call('executeCode', { id: session, executeRequest })).toMatchObject({
      success: true,
      outputParameters: [
        { name: 'result', value: [1] },
        { name: 'other_result', value: [expect.any(Number)] },
      ],
    });
    const createSnapshotRequest = { name: 'Iris Snapshot' };
    const saved = await client.call<{ snapshotId: string }>('CreateSnapshot', {
      id: session,
      createSnapshotRequest,
    });
    snapshot = saved.snapshotId;
    expect(await client.call('ListSnapshots')).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: snapshot, name: 'Iris Snapshot' })]),
    );
  });

  it('publishes, describes, changes and deletes services', async () => {
    const input = { name: 'flower_data', type: 'vector' };
    const publishRequest = {
      code: PREDICT,
      inputParameterDefinitions: [input],
      outputParameterDefinitions: [{ name: 'iris_species', type: 'vector' }],
      runtimeType: 'Python',
      snapshotId: snapshot,
    };
    await client.call('publishWebServiceVersion', { ...at('V1.0'), publishRequest });
    expect(await client.call('getWebServiceVersion', at('V1.0'))).toMatchObject([
      { inputParameterDefinitions: [input] },
    ]);
    const description = 'Determines iris species';
    const patchRequest = { description, runtimeType: 'Python' };
    await client.call('patchWebServiceVersion', { ...at('V1.0'), patchRequest });
    const text = {
      ...publishRequest,
      code: `${PREDICT}[0]`,
      outputParameterDefinitions: [{ name: 'iris_species', type: 'string' }],
    };
    await client.call('publishWebServiceVersion', { ...at('V2.0'), publishRequest: text });
    const all = await client.call<{ name: string; version: string }[]>('getAllWebServices');
    const mine = all.filter((service) => service.name === name);
    expect(mine).toMatchObject([{ version: 'V1.0', description }, { version: 'V2.0' }]);
    await client.call('deleteWebServiceVersion', at('V2.0'));
    await expect(client.call('getWebServiceVersion', at('V2.0'))).rejects.toMatchObject({
      status: 404,
    });
  });

  it('generates a client of the service, which calls it and runs it in a batch', async () => {
    const of = await generateClient(
      server,
      await client.call<object>('GetWebServiceSwagger', at('V1.0')),
    );
    const login = { username: 'admin', password: server.password };
    const tokens = await of.call<{ access_token: string }>('login', { loginRequest: login });
    of.authorize(tokens.access_token);
    const WebServiceParameters = { flower_data: SETOSA };
    expect(await of.call('ConsumeWebService', { WebServiceParameters })).toMatchObject({
      success: true,
      outputParameters: { iris_species: ['I. setosa'] },
    });
    const { batchExecutionId } = await of.call<{ batchExecutionId: string }>(
      'StartBatchExecution',
      {
        parallelCount: 2,
        BatchWebServiceParameters: [{ flower_data: SETOSA }, { flower_data: VERSICOLOR }],
      },
    );
    const executionId = batchExecutionId;
    await expect
      .poll(() => of.call('GetBatchExecutionStatus', { executionId, showPartialResults: true }))
      .toMatchObject({ state: 'Complete', completedItemCount: 2, totalItemCount: 2 });
    expect(await of.call('GetBatchExecutions')).toContain(executionId);
    expect(await of.call('GetBatchExecutionFiles', { executionId, index: 0 })).toEqual([]);
    await of.call('CancelAndDeleteBatchExecution', { executionId });
  });

  it('moves an object and a file into a session and back, and ends it', async () => {
    const path = { id: session, fileName: 'a.txt' };
    const file = new File(['a'], 'a.txt');
    await client.call('uploadSessionFile', { id: session, file });
    expect(await client.call('listSessionFiles', { id: session })).toContain('a.txt');
    await client.call('getSessionFile', path);
    await client.call('deleteSessionFile', path);
    const object = { id: session, objectName: 'nothing' };
    await client.call('setWorkspaceObject', { ...object, serializedObject: 'N.' });
    expect(await client.call('listWorkspaceObjects', { id: session })).toContain('nothing');
    await client.call('getWorkspaceObject', object);
    await client.call('deleteWorkspaceObject', object);
    await client.call('LoadSnapshot', { id: session, snapshotId: snapshot });
    await client.call('closeSessionByForce', { id: session });
    await client.call('DeleteSnapshot', { id: snapshot });
  });
});
