import { describe, expect, it } from 'vitest';
import { unsetOutputs } from '../../../kernel/magics/publish-notes.js';

const named = (...names: string[]) => names.map((name) => ({ name, type: 'numeric' }));

describe('outputs that the code of a service does not set', () => {
  it('are warned of by name', () => {
    expect(unsetOutputs('z = 2 * x\ntotal = z', named('x'), named('y', 'z', 'tot'))).toEqual([
      'y and tot stand nowhere in this code, so that calls will fail: set them there, or take them out of --out.',
    ]);
  });

  it('are not those that stand in it, in whatever way and letters, and inputs', () => {
    const code = 'x += 1\nfor größe in range(3): pass\nimport numpy as y';
    expect(unsetOutputs(code, named('x', 'k'), named('x', 'größe', 'y', 'k'))).toEqual([]);
  });
});
