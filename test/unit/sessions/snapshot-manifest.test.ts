import { describe, expect, it } from 'vitest';
import {
  applyVerification,
  readManifest,
  snapshotContents,
} from '../../../src/server/sessions/snapshot-manifest.js';
import { InvalidSnapshotError } from '../../../src/server/snapshots/index.js';

const MANIFEST = {
  format: 1,
  python: '3.11.7',
  packages: { numpy: '2.4.6' },
  objects: [
    { name: 'clf', verdict: 'saved', type: 'sklearn.svm.SVC', size: 10, group: 0 },
    { name: 'gen', verdict: 'skipped', type: 'generator', size: 0, reason: 'cannot be pickled' },
  ],
  groups: [{ names: ['clf'], file: 'objects/0.pickle', buffers: [] }],
  files: [{ path: 'a.csv', size: 3, mode: 420 }],
  skippedFiles: [],
};

describe('the manifest of a snapshot', () => {
  it('keeps what the server does not read, for Python to read again', () => {
    expect(readManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
  });

  it.each(['', '[]', '{"python":3}'])('is refused when it is %j', (text) => {
    expect(() => readManifest(text)).toThrow(InvalidSnapshotError);
  });

  it('turns the verdict of an object that does not come back to skipped, with the reason', () => {
    const manifest = readManifest(JSON.stringify(MANIFEST));
    const [clf, gen] = applyVerification(manifest, [
      { name: 'clf', ok: false, reason: "No module named 'lost'" },
    ]).objects;
    expect(clf).toMatchObject({ verdict: 'skipped', reason: "No module named 'lost'" });
    expect(gen).toEqual(manifest.objects[1]);
  });

  it('answers the creation of a snapshot with what is in it, without the layout on disk', () => {
    expect(snapshotContents(MANIFEST)).toEqual({
      python: '3.11.7',
      packages: { numpy: '2.4.6' },
      objects: [
        { name: 'clf', verdict: 'saved', type: 'sklearn.svm.SVC', size: 10 },
        {
          name: 'gen',
          verdict: 'skipped',
          type: 'generator',
          size: 0,
          reason: 'cannot be pickled',
        },
      ],
      files: [{ path: 'a.csv', size: 3 }],
      skippedFiles: [],
    });
  });
});
