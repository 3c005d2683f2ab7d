import { resolve } from 'node:path';
import { type MagicContext, MagicError, notSupported } from '../magic-context.js';
import { code, formatBytes, formatTime } from '../output/index.js';
import { type MagicCall, type MagicDefinition, word } from './definition.js';
import { saveDownload } from './local-files.js';
import { withProgress } from './progress.js';
import { show } from './show.js';
import { contentsBlocks } from './snapshot-contents.js';
import { findSnapshot } from './snapshot-lookup.js';

/** `%snapshot`: saves the session, and brings it back. */
export const snapshot: MagicDefinition = {
  name: 'snapshot',
  summary: 'Saves the variables and files of the session, and loads them again.',
  description: [
    'Every name gets a verdict: what cannot be saved is left out and named, and the rest is saved all the same. S is the id or the name of a snapshot; of several with one name the newest is meant.',
  ],
  options: {
    only: {
      value: 'a,b,c',
      multiple: true,
      kind: 'variable',
      summary: 'Saves these names alone.',
    },
    force: {
      short: 'f',
      summary: 'delete: a snapshot that is not there is no error. download: replaces FILE.',
    },
  },
  forms: [
    {
      takes: [word('NAME', 'snapshot')],
      makesName: true,
      options: ['only'],
      summary: 'Saves the session under a name.',
      run: save,
    },
    {
      action: 'list',
      takes: [],
      summary: 'Lists your snapshots.',
      run: list,
    },
    {
      action: 'load',
      takes: [word('S', 'snapshot')],
      summary: 'Brings a snapshot into this session; equal names are replaced.',
      async run(call, context) {
        const { id, name } = await findSnapshot(context, call.arguments.word(0).text);
        const client = await context.client();
        const { sessionId } = await context.link();
        await withProgress(context, (step) =>
          step(`Loading "${name}"`, () => client.sessions.loadSnapshot(sessionId, id)),
        );
        context.session.noteSnapshot({ id, name });
        show(context, {
          blocks: [{ kind: 'note', tone: 'good', text: `"${name}" is loaded into this session.` }],
          data: { id, name, loaded: true },
        });
      },
    },
    {
      action: 'delete',
      takes: [word('S', 'snapshot')],
      options: ['force'],
      summary: 'Deletes a snapshot; services made from it go on.',
      run: remove,
    },
    {
      action: 'download',
      takes: [word('S', 'snapshot'), word('FILE', 'local file')],
      options: ['force'],
      summary: 'Writes a snapshot into a zip file on the machine of this notebook.',
      run: download,
    },
    {
      action: 'show',
      takes: [word('S', 'snapshot')],
      summary: 'Shows one snapshot.',
      async run(call, context) {
        const found = await findSnapshot(context, call.arguments.word(0).text);
        show(context, {
          title: `Snapshot ${found.name}`,
          blocks: [
            {
              kind: 'fields',
              rows: [
                ['Id', code(found.id)],
                ['Owner', found.owner],
                ['Created', formatTime(found.creationTime)],
                ['Size', formatBytes(found.contentSize)],
              ],
            },
          ],
          data: { ...found },
        });
      },
    },
  ],
  examples: [
    '%snapshot "Iris Snapshot"',
    '%snapshot model --only clf,names',
    '%snapshot load "Iris Snapshot"',
    '%snapshot list',
  ],
};

async function save(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  const names = call.arguments.values('only');
  const { sessionId, isPlain } = await context.link();
  if (isPlain && names !== undefined) {
    throw notSupported(`A snapshot of ${names.join(', ')} alone cannot be saved`);
  }
  const client = await context.client();
  const request = { name, ...(names === undefined ? {} : { names: [...names] }) };
  const { snapshotId, contents } = await withProgress(context, (step) =>
    step(`Saving the snapshot "${name}"`, () => client.sessions.createSnapshot(sessionId, request)),
  );
  context.session.noteSnapshot({ id: snapshotId, name });
  show(context, {
    title: `Snapshot ${name}`,
    blocks: [{ kind: 'fields', rows: [['Id', code(snapshotId)]] }, ...contentsBlocks(contents)],
    data: { id: snapshotId, name, contents: contents ?? null },
  });
}

async function list(_call: MagicCall, context: MagicContext): Promise<void> {
  const snapshots = await (await context.client()).snapshots.list();
  show(context, {
    title: 'Snapshots',
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: 'Name' },
          { title: 'Id' },
          { title: 'Created', oneLine: true },
          { title: 'Size', align: 'right' },
        ],
        rows: snapshots.map(({ id, name, creationTime, contentSize }) => [
          name,
          code(id),
          formatTime(creationTime),
          formatBytes(contentSize),
        ]),
        empty: 'You have no snapshots. %snapshot NAME saves this session.',
      },
    ],
    data: snapshots,
  });
}

async function remove(call: MagicCall, context: MagicContext): Promise<void> {
  const wanted = call.arguments.word(0).text;
  const found = await findSnapshot(context, wanted).catch((error: unknown) => {
    const absent = error instanceof MagicError && error.ename === 'SnapshotNotFoundError';
    if (absent && call.arguments.flag('force')) return undefined;
    throw error;
  });
  if (found !== undefined) {
    await (await context.client()).snapshots.delete(found.id);
    context.session.forgetSnapshot(found.id);
  }
  const text =
    found === undefined ? `There was no snapshot "${wanted}".` : `"${found.name}" is deleted.`;
  show(context, {
    blocks: [{ kind: 'note', text }],
    data: { id: found?.id ?? null, name: found?.name ?? wanted, deleted: found !== undefined },
  });
}

async function download(call: MagicCall, context: MagicContext): Promise<void> {
  const found = await findSnapshot(context, call.arguments.word(0).text);
  const path = resolve(call.arguments.word(1).text);
  const { snapshots } = await context.client();
  const options = { replace: call.arguments.flag('force'), signal: context.signal };
  await withProgress(context, (step) =>
    step(`Downloading "${found.name}"`, () =>
      saveDownload(() => snapshots.download(found.id), path, options),
    ),
  );
  show(context, {
    blocks: [{ kind: 'note', tone: 'good', text: `"${found.name}" is in ${path}.` }],
    data: { id: found.id, name: found.name, path },
  });
}
