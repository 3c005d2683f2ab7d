import { basename, resolve } from 'node:path';
import type { MagicContext } from '../magic-context.js';
import { code } from '../output/index.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import { openLocalFile, saveDownload } from './local-files.js';
import { withProgress } from './progress.js';
import { checkFileName } from './session-file-name.js';
import { show } from './show.js';

/** `%files`: the working directory of the session. */
export const files: MagicDefinition = {
  name: 'files',
  summary: 'Lists, uploads, downloads and deletes files of the session.',
  description: [
    'Files of the session lie in its working directory on the server; local ones on the machine of this notebook.',
  ],
  options: {
    as: { value: 'NAME', summary: 'Name of the uploaded file in the session.' },
    force: { short: 'f', summary: 'Replaces a local file.' },
  },
  forms: [
    { takes: [], summary: 'Lists the files of the session.', run: list },
    { action: 'list', takes: [], summary: 'Lists the files of the session.', run: list },
    {
      action: 'upload',
      takes: [word('FILE', 'local file')],
      options: ['as'],
      summary: 'Copies a local file into the session.',
      run: upload,
    },
    {
      action: 'download',
      takes: [word('NAME', 'session file'), optional('FILE', 'local file')],
      options: ['force'],
      summary: 'Copies a file of the session into a local one.',
      run: download,
    },
    {
      action: 'delete',
      takes: [word('NAME', 'session file')],
      summary: 'Deletes a file of the session.',
      run: remove,
    },
  ],
  examples: ['%files', '%files upload data/iris.csv', '%files download plot.png -f'],
};

async function list(_call: MagicCall, context: MagicContext): Promise<void> {
  const { sessionId } = await context.link();
  const names = await (await context.client()).sessions.listFiles(sessionId);
  show(context, {
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'File' }],
        rows: names.map((name) => [code(name)]),
        empty: 'The working directory of the session is empty. %files upload FILE puts one in.',
      },
    ],
    data: names,
  });
}

async function upload(call: MagicCall, context: MagicContext): Promise<void> {
  const path = resolve(call.arguments.word(0).text);
  const name = call.arguments.value('as') ?? basename(path);
  checkFileName('files', name);
  const { sessionId } = await context.link();
  const { sessions } = await context.client();
  await (await openLocalFile(path, 'r')).close();
  const content = async function* () {
    const file = await openLocalFile(path, 'r');
    yield* file.createReadStream();
  };
  await withProgress(context, (step) =>
    step(`Uploading ${name}`, () => sessions.uploadFile(sessionId, name, content)),
  );
  show(context, {
    blocks: [{ kind: 'note', tone: 'good', text: `${name} is in the session.` }],
    data: { name, path },
  });
}

async function download(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  checkFileName('files', name);
  const path = resolve(call.arguments.optionalWord(1)?.text ?? name);
  const { sessionId } = await context.link();
  const { sessions } = await context.client();
  const options = { replace: call.arguments.flag('force'), signal: context.signal };
  await withProgress(context, (step) =>
    step(`Downloading ${name}`, () =>
      saveDownload(() => sessions.downloadFile(sessionId, name), path, options),
    ),
  );
  show(context, {
    blocks: [{ kind: 'note', tone: 'good', text: `${name} is in ${path}.` }],
    data: { name, path },
  });
}

async function remove(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  checkFileName('files', name);
  const { sessionId } = await context.link();
  await (await context.client()).sessions.deleteFile(sessionId, name);
  show(context, {
    blocks: [{ kind: 'note', text: `${name} is deleted.` }],
    data: { name, deleted: true },
  });
}
