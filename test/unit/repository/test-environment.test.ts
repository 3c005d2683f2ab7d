import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dataDirectory } from '../../../src/client/index.js';

it('leaves tests no data directory but their own: where the user has theirs is a file', () => {
  expect(statSync(dataDirectory(process.env)).isFile()).toBe(true);
});
