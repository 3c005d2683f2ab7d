import { describe, expect, it } from 'vitest';
import { fillIn } from '../../../src/cli/kernel-spec.js';

describe('the template of the kernel', () => {
  it('gets its placeholders filled in, everywhere in it', () => {
    const template = { argv: ['{node}', '{package}/main.js'], env: { P: '{python}' }, on: true };
    expect(fillIn(template, { '{node}': '/n', '{package}': '/p', '{python}': '/py' })).toEqual({
      argv: ['/n', '/p/main.js'],
      env: { P: '/py' },
      on: true,
    });
  });

  it('keeps the placeholder that is for Jupyter', () => {
    expect(fillIn(['{connection_file}'], { '{node}': '/n' })).toEqual(['{connection_file}']);
  });
});
