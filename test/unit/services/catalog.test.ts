import { describe, expect, it } from 'vitest';
import type { WebService } from '../../../src/api/index.js';
import type { User } from '../../../src/server/auth/index.js';
import { ServiceCatalog } from '../../../src/server/services/catalog.js';
import type { ServiceRecord, ServiceStore } from '../../../src/server/store/index.js';

const ada: User = { name: 'ada', role: 'Contributor' };
const bob: User = { name: 'bob', role: 'Contributor' };

function record(name: string, version: string, code = 'y = x'): ServiceRecord {
  return {
    name,
    version,
    owner: 'ada',
    creationTime: '2026-01-01T00:00:00',
    snapshotId: null,
    tree: null,
    pool: null,
    runtimeType: 'Python',
    code,
    initCode: null,
    description: null,
    operationId: '',
    inputs: [{ name: 'x', type: 'numeric' }],
    outputs: [],
    outputFileNames: [],
    python: '3',
    packages: {},
  };
}

/** A catalog on a store with these services; `reads` counts how often they were read. */
function catalogOf(...records: ServiceRecord[]) {
  let reads = 0;
  const list = async () => {
    reads += 1;
    return records;
  };
  const catalog = new ServiceCatalog({ list } as unknown as ServiceStore);
  const seen = async (user: User, name?: string) =>
    JSON.parse((await catalog.list(user, name)).toString()) as WebService[];
  return { catalog, seen, reads: () => reads };
}

describe('the catalog of services', () => {
  it('shows the code to its publisher and to Owners alone', async () => {
    const { seen } = catalogOf(record('a', '1'));
    const code = async (user: User) => {
      const [service] = await seen(user);
      return [service?.code, service?.myPermissionOnService];
    };
    expect(await code(ada)).toEqual(['y = x', 'read/write']);
    expect(await code(bob)).toEqual([undefined, 'read only']);
    expect(await code({ name: 'bob', role: 'Owner' })).toEqual(['y = x', 'read/write']);
    // The same name with another role, which an administrator may have changed meanwhile.
    expect(await code({ name: 'ada', role: 'Reader' })).toEqual(['y = x', 'read only']);
  });

  it('tells of changes to those who have been sent a list before', async () => {
    const { catalog, seen, reads } = catalogOf(record('a', '1'), record('b', '1'));
    await seen(ada);
    await catalog.put(record('a', '2'));
    await catalog.put(record('b', '1', 'y = 2 * x'));
    expect((await seen(ada)).map(({ name, version, code }) => [name, version, code])).toEqual([
      ['a', '1', 'y = x'],
      ['b', '1', 'y = 2 * x'],
      ['a', '2', 'y = x'],
    ]);
    expect((await seen(bob, 'a')).map(({ version }) => version)).toEqual(['1', '2']);
    await catalog.remove({ name: 'a', version: '1' });
    expect((await seen(ada)).map(({ name }) => name)).toEqual(['b', 'a']);
    expect(await seen(ada, 'nobody')).toEqual([]);
    expect(reads()).toBe(1);
  });

  it('reads the store again after it could not be read', async () => {
    let fails = true;
    const list = async () => {
      if (fails) throw new Error('The disk is full.');
      return [record('a', '1')];
    };
    const catalog = new ServiceCatalog({ list } as unknown as ServiceStore);
    const refused = catalog.list(ada);
    // A publication that comes meanwhile is in the store already.
    const put = catalog.put(record('a', '1'));
    await expect(refused).rejects.toThrow('The disk is full.');
    await put;
    fails = false;
    expect(JSON.parse((await catalog.list(ada)).toString())).toHaveLength(1);
  });
});
