import { describe, expect, it } from 'vitest';
import {
  type FunctionDescription,
  functionCode,
} from '../../../kernel/magics/describe-function.js';
import { differencesOf, type PublishDraft } from '../../../kernel/magics/publish-draft.js';
import { defaultRemarks, typeNotes } from '../../../kernel/magics/publish-notes.js';
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
  remarks: [],
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

const input = (name: string, origin: 'hint' | 'default' | 'nothing') => ({
  name,
  type: 'numeric',
  annotation: null,
  optional: false,
  inferred: origin !== 'hint',
  origin,
});

const description: FunctionDescription = {
  name: 'scale',
  source: 'def scale(x, k):\n    return x * k\n',
  doc: null,
  parameters: [
    { ...input('x', 'hint'), annotation: 'float' },
    { ...input('k', 'default'), optional: true, default: 2 },
    { ...input('label', 'hint'), annotation: 'str', optional: true, default: 'a' },
    input('y', 'nothing'),
    { ...input('z', 'hint'), annotation: 'float | str', inferred: true },
  ],
  output: { name: 'answer', type: 'numeric', origin: 'body' },
  kept: ['model'],
};

describe('the code of a function', () => {
  it('is its source and a call of it that sets the output', () => {
    expect(functionCode(description)).toBe(
      'def scale(x, k):\n    return x * k\n\nanswer = scale(x, k, label, y, z)',
    );
  });
});

describe('where the types of a function come from', () => {
  it('stands on the card, with what the caller has to know of its defaults', () => {
    const notes = typeNotes(description, { inputs: undefined, outputs: undefined });
    expect([...notes]).toEqual([
      ['x', 'its hint float'],
      ['k', 'its default 2'],
      ['label', 'its hint str; default "a"'],
      ['y', 'nothing tells: assumed, hint it or use --in'],
      ['z', 'its hint float | str: callers can send numeric only; --in takes another'],
      ['answer', 'its return statements'],
    ]);
    expect(defaultRemarks(description)).toEqual([
      'Callers send every input, also k and label: a service has no defaults. The calls below send those of the function.',
      'model is no input and keeps its default: no caller could send it as JSON.',
    ]);
  });

  it('is the user, where --in and --out say so', () => {
    const notes = typeNotes(description, {
      inputs: [{ name: 'k', type: 'vector' }],
      outputs: [{ name: 'out', type: 'vector' }],
    });
    expect(notes.get('k')).toBe('--in');
    expect(notes.get('out')).toBe('--out');
  });
});
