import { expect, it } from 'vitest';
import { NodeTooOldError } from '../../../scripts/setup/errors.mjs';
import { requireNode } from '../../../scripts/setup/node-version.mjs';

it('lets set-up run on Node 20 and newer', () => {
  expect(() => requireNode('20.0.0')).not.toThrow();
  expect(() => requireNode('26.10.0')).not.toThrow();
});

it('says on an older Node which one is needed', () => {
  expect(() => requireNode('18.20.4')).toThrow(NodeTooOldError);
  expect(() => requireNode('18.20.4')).toThrow('Node 18.20.4 runs this script');
});
