import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish, snapshotOf } from '../support/services.js';

const TRAIN = `
from sklearn import datasets, svm
iris = datasets.load_iris()
clf = svm.SVC()
clf.fit(iris.data, iris.target)
names = {0: 'I. setosa', 1: 'I. versicolor', 2: 'I. virginica'}
with open('note.txt', 'w') as file:
    _ = file.write('trained')
`;
const CODE = 'flowers = clf.predict([flower_data])\niris_species = [names[x] for x in flowers]';

let server: TestServer;
let snapshotId: string;

beforeAll(async () => {
  server = await startTestServer({ serviceWorkers: 2 });
  snapshotId = await snapshotOf(server, TRAIN);
  await publish(server, 'Iris/V1.0', {
    code: CODE,
    snapshotId,
    description: 'Iris',
    inputParameterDefinitions: [{ name: 'flower_data', type: 'vector' }],
    outputParameterDefinitions: [{ name: 'iris_species', type: 'vector' }],
  });
});
afterAll(() => server.close());

describe('a service from a snapshot with a trained model', () => {
  it('answers with the bytes of the wire', async () => {
    const answer = await server.request('POST', '/api/Iris/V1.0', {
      body: '{"flower_data": [7, 3.2, 4.7, 1.4]}',
    });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('content-length')).toBe(String(answer.bytes.byteLength));
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.text).toBe(
      '{"success":true,"errorMessage":"","outputParameters":{"iris_species":["I. versicolor"]},"outputFiles":{},"consoleOutput":"","changedFiles":[]}',
    );
  });

  it('sees the files of the snapshot', async () => {
    await publish(server, 'Note/1', {
      code: "note = open('note.txt').read()",
      snapshotId,
      outputParameterDefinitions: [{ name: 'note', type: 'character' }],
    });
    expect((await consume(server, 'Note/1')).outputParameters).toEqual({ note: 'trained' });
  });

  it('answers many calls at the same time, each with its own answer', async () => {
    const rows = [
      [5.1, 3.5, 1.4, 0.2],
      [7, 3.2, 4.7, 1.4],
      [6.3, 3.3, 6, 2.5],
    ];
    const species = ['I. setosa', 'I. versicolor', 'I. virginica'];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        consume(server, 'Iris/V1.0', { flower_data: rows[index % 3] }),
      ),
    );
    expect(answers.map((answer) => answer.outputParameters.iris_species)).toEqual(
      answers.map((_, index) => [species[index % 3]]),
    );
  });

  it('goes on when its snapshot is deleted', async () => {
    const deleted = await server.request('DELETE', `/snapshots/${snapshotId}`);
    expect(deleted.status).toBe(200);
    await server.server.context.store.collectGarbage();
    const { outputParameters } = await consume(server, 'Iris/V1.0', {
      flower_data: [7, 3.2, 4.7, 1.4],
    });
    expect(outputParameters).toEqual({ iris_species: ['I. versicolor'] });
    const [service] = (await server.request('GET', '/services/Iris/V1.0')).json<
      [{ snapshotId: string }]
    >();
    expect(service.snapshotId).toBe(snapshotId);
  });
});
