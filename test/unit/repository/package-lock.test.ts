import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const read = (name: string) =>
  readFile(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');

describe('what the project installs', () => {
  it('names no registry, so that each machine uses its own', async () => {
    expect(await read('package-lock.json')).not.toContain('"resolved"');
    expect(await read('requirements.txt')).not.toMatch(/https?:/);
  });

  it('is exact, in package.json and in requirements.txt', async () => {
    const { dependencies, devDependencies } = JSON.parse(await read('package.json')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    for (const version of Object.values({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
    const requirements = (await read('requirements.txt')).split('\n');
    for (const line of requirements.filter((each) => each !== '' && !each.startsWith('#'))) {
      expect(line).toMatch(/^[a-z0-9-]+==[0-9][^ ]*( ; .+)?$/);
    }
  });

  it('has a version of every package for every platform in the lock file', async () => {
    const { packages } = JSON.parse(await read('package-lock.json')) as {
      packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
    };
    for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
      for (const name of Object.keys(optionalDependencies)) {
        const nested = packages[`${path}/node_modules/${name}`];
        const hoisted = packages[`node_modules/${name}`];
        expect((nested ?? hoisted)?.version, `${name}, wanted by ${path}`).toBeDefined();
      }
    }
  });
});
