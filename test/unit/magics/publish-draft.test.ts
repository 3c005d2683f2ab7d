import { describe, expect, it } from 'vitest';
import { functionCode } from '../../../kernel/magics/describe-function.js';
import { differencesOf, type PublishDraft } from '../../../kernel/magics/publish-draft.js';
import type { WebService } from '../../../src/api/index.js';

const service: WebService = {
  name: 'Iris',
  version: 'V1.0',
  versionPublishedBy: 'admin',
  creationTime: '2026-01-02T03:04:05',
  snapshotId: 'snapshot-1',
  runtimeType: 'Python',
  code: 'y = x\n',
  initCode: null,
  description: 'Copies.',
  operationId: 'consume',
  inputParameterDefinitions: [{ name: 'x', type: 'vector' }],
  outputParameterDefinitions: [{ name: 'y', type: 'vector' }],
  outputFileNames: [],
  myPermissionOnService: 'read/write',
};

const draft: PublishDraft = {
  name: 'Iris',
  version: 'V1.0',
  code: 'y = x',
  inputs: [{ name: 'x', type: 'vector' }],
  outputs: [{ name: 'y', type: 'vector' }],
  snapshot: 'auto',
  initCode: undefined,
  outputFileNames: [],
  description: undefined,
  operationId: undefined,
  implied: {},
  update: false,
  examples: {},
};

describe('a draft', () => {
  it('equals the version that came from it, whatever it leaves open', () => {
    expect(differencesOf(service, draft, undefined)).toEqual([]);
    expect(differencesOf(service, draft, 'snapshot-1')).toEqual([]);
  });

  it.each<[string, Partial<PublishDraft>]>([
    ['code', { code: 'y = 2 * x' }],
    ['initial code', { initCode: 'k = 1' }],
    ['inputs', { inputs: [{ name: 'x', type: 'matrix' }] }],
    ['outputs', { outputs: [] }],
    ['files', { outputFileNames: ['a.png'] }],
    ['description', { description: 'Doubles.' }],
    ['operation', { operationId: 'copy' }],
  ])('differs by its %s', (name, change) => {
    expect(differencesOf(service, { ...draft, ...change }, undefined)).toEqual([name]);
  });

  it('differs by another snapshot, or by none', () => {
    expect(differencesOf(service, draft, 'snapshot-2')).toEqual(['snapshot']);
    expect(differencesOf(service, draft, null)).toEqual(['snapshot']);
  });

  it('equals a version that was described otherwise since', () => {
    const implied = { description: 'Doubles.', operationId: 'copy' };
    expect(differencesOf(service, { ...draft, implied }, undefined)).toEqual([]);
  });

  it('differs from a version whose code is hidden', () => {
    const { code: _code, ...hidden } = service;
    expect(differencesOf(hidden, draft, undefined)).toEqual(['code']);
  });
});

describe('the code of a function', () => {
  it('is its source and a call of it that sets the output', () => {
    const parameters = ['x', 'k'].map((name) => ({ name, type: 'numeric', optional: false }));
    const description = {
      name: 'scale',
      source: 'def scale(x, k):\n    return x * k\n',
      doc: null,
      parameters,
      output: { name: 'answer', type: 'numeric' },
    };
    expect(functionCode(description)).toBe(
      'def scale(x, k):\n    return x * k\n\nanswer = scale(x, k)',
    );
  });
});
