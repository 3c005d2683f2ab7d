import type { ServiceRecord } from '../../src/server/store/index.js';
import { openStore } from '../../src/server/store/index.js';

const DAY = 24 * 60 * 60 * 1000;

/** Writes services into a data directory, as a server that ran for years has them. */
export async function fillWithServices(dataDirectory: string, count: number): Promise<void> {
  const store = await openStore(dataDirectory);
  try {
    for (let number = 0; number < count; number++) await store.services.insert(service(number));
  } finally {
    await store.close();
  }
}

/** Ten versions of each service. */
function service(number: number): ServiceRecord {
  return {
    name: serviceName(number),
    version: `v${number % 10}`,
    owner: number % 3 === 0 ? 'admin' : `user-${number % 50}`,
    creationTime: new Date(Date.UTC(2020, 0, 1) + number * DAY).toISOString().slice(0, -1),
    snapshotId: null,
    tree: null,
    pool: null,
    runtimeType: 'Python',
    code: 'flowers = clf.predict([flower_data])\niris_species = [names[x] for x in flowers]',
    initCode: null,
    description: `Model ${number} of the department, trained anew each month.`,
    operationId: `predict${number}`,
    inputs: [
      { name: 'flower_data', type: 'vector' },
      { name: 'threshold', type: 'numeric' },
    ],
    outputs: [{ name: 'iris_species', type: 'vector' }],
    outputFileNames: [],
    python: '3.11.0',
    packages: { 'scikit-learn': '1.6.0', numpy: '2.2.0' },
  };
}

export function serviceName(number: number): string {
  return `service-${Math.floor(number / 10)}`;
}
