import { describe, expect, it } from 'vitest';
import { describeOldNode } from '../../../src/cli/node-version.js';

describe('the check of the Node version', () => {
  it.each(['22.13.0', '22.14.1', '23.0.0', '26.10.0'])('lets %s through', (version) => {
    expect(describeOldNode(version)).toBeUndefined();
  });

  it.each(['22.12.9', '20.19.0', '18.0.0'])('says what is wrong with %s', (version) => {
    expect(describeOldNode(version)).toContain(`this is Node ${version}`);
  });
});
