import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { MagicContext } from '../magic-context.js';
import { code, formatBytes } from '../output/index.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import { openLocalFile, saveDownload } from './local-files.js';
import { withProgress } from './progress.js';
import { show } from './show.js';

/** `%workspace`: the variables of the session, also as files. */
export const workspace: MagicDefinition = {
  name: 'workspace',
  summary: 'Lists the variables of the session, and exchanges them as files.',
  description: [
    'Files are pickles, as cloudpickle and dill write them, on the machine of this notebook. Load only those that you trust: a pickle can run code.',
  ],
  options: { force: { short: 'f', summary: 'Replaces a local file.' } },
  forms: [
    { takes: [], summary: 'Lists the names.', run: list },
    { action: 'list', takes: [], summary: 'Lists the names.', run: list },
    {
      action: 'get',
      takes: [word('NAME', 'variable'), optional('FILE', 'local file')],
      options: ['force'],
      summary: 'Saves a variable into a local file; NAME.pickle by default.',
      run: get,
    },
    {
      action: 'set',
      takes: [word('NAME', 'variable'), word('FILE', 'local file')],
      summary: 'Sets a variable from a local file.',
      run: set,
    },
    {
      action: 'delete',
      takes: [word('NAME', 'variable')],
      summary: 'Deletes a variable.',
      run: remove,
    },
  ],
  examples: ['%workspace', '%workspace get clf model.pickle', '%workspace set clf model.pickle'],
};

async function list(_call: MagicCall, context: MagicContext): Promise<void> {
  const { sessionId } = await context.link();
  const names = await (await context.client()).sessions.listObjects(sessionId);
  show(context, {
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'Name' }],
        rows: names.map((name) => [code(name)]),
        empty: 'The session has no variables yet.',
      },
    ],
    data: names,
  });
}

async function get(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  const path = resolve(call.arguments.optionalWord(1)?.text ?? `${name}.pickle`);
  const { sessionId } = await context.link();
  const { sessions } = await context.client();
  const options = { replace: call.arguments.flag('force'), signal: context.signal };
  const pickled = await withProgress(context, async (step) => {
    const bytes = await step(`Getting ${name}`, () => sessions.getObject(sessionId, name));
    const source = async () => Readable.from([bytes]);
    await step('Writing the file', () => saveDownload(source, path, options));
    return bytes;
  });
  const size = formatBytes(pickled.byteLength);
  show(context, {
    blocks: [{ kind: 'note', tone: 'good', text: `${name} (${size}) is in ${path}.` }],
    data: { name, path, size: pickled.byteLength },
  });
}

async function set(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  const path = resolve(call.arguments.word(1).text);
  const file = await openLocalFile(path, 'r');
  const pickled = await file.readFile().finally(() => file.close());
  const { sessionId } = await context.link();
  const { sessions } = await context.client();
  await withProgress(context, (step) =>
    step(`Setting ${name}`, () => sessions.setObject(sessionId, name, pickled)),
  );
  show(context, {
    blocks: [{ kind: 'note', tone: 'good', text: `${name} is set from ${path}.` }],
    data: { name, path },
  });
}

async function remove(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.word(0).text;
  const { sessionId } = await context.link();
  await (await context.client()).sessions.deleteObject(sessionId, name);
  show(context, {
    blocks: [{ kind: 'note', text: `${name} is deleted.` }],
    data: { name, deleted: true },
  });
}
