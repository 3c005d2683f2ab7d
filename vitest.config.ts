import { defineConfig } from 'vitest/config';

/** One project per level of test: `vitest run --project unit`. */
function level(name: string, testTimeout: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout,
      // Real servers, sessions and browsers are not to compete for the processor with each other.
      fileParallelism: name === 'unit',
      hookTimeout: Math.max(testTimeout, 60_000),
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      level('unit', 10_000),
      level('integration', 60_000),
      level('conformance', 60_000),
      level('e2e', 180_000),
    ],
    passWithNoTests: false,
  },
});
