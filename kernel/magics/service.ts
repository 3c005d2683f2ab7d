import type { PatchWebServiceRequest } from '../../src/api/index.js';
import type { MagicContext } from '../magic-context.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import { parseDefinitions } from './parameter-definitions.js';
import { withProgress } from './progress.js';
import { findService } from './service-lookup.js';
import { serviceView } from './service-view.js';
import { show } from './show.js';
import { findSnapshot } from './snapshot-lookup.js';
import { UsageError } from './usage-error.js';

const CHANGES = ['description', 'alias', 'in', 'out', 'files', 'init', 'snapshot'];

/** `%service`: one version, to be looked at, changed and deleted. */
export const service: MagicDefinition = {
  name: 'service',
  summary: 'Shows, changes or deletes a version of a web service.',
  description: ['To change the code, publish it again with --update.'],
  options: {
    description: { value: 'TEXT', summary: 'What the service does.' },
    alias: { value: 'NAME', summary: 'Name of the operation in the Swagger document.' },
    in: {
      value: 'NAME:TYPE',
      multiple: true,
      kind: 'parameter type',
      summary: 'All inputs, anew.',
    },
    out: {
      value: 'NAME:TYPE',
      multiple: true,
      kind: 'parameter type',
      summary: 'All outputs, anew.',
    },
    files: { value: 'a.png,b.csv', multiple: true, summary: 'Files that the code writes, anew.' },
    init: { value: 'CODE', summary: 'Code that runs before the code of the service.' },
    snapshot: { value: 'S', kind: 'snapshot', summary: 'A snapshot of yours, by id or name.' },
  },
  forms: [
    {
      takes: [word('NAME', 'service'), optional('VERSION', 'version')],
      summary: 'Shows a version; without VERSION, the newest.',
      async run(call, context) {
        const name = call.arguments.word(0).text;
        const found = await findService(context, name, call.arguments.optionalWord(1)?.text);
        show(context, serviceView(await context.client(), found));
      },
    },
    {
      action: 'update',
      takes: [word('NAME', 'service'), word('VERSION', 'version')],
      options: CHANGES,
      summary: 'Changes what is named and keeps the rest.',
      run: update,
    },
    {
      action: 'delete',
      takes: [word('NAME', 'service'), word('VERSION', 'version')],
      summary: 'Deletes a version.',
      async run(call, context) {
        const name = call.arguments.word(0).text;
        const version = call.arguments.word(1).text;
        await (await context.client()).services.delete(name, version);
        show(context, {
          blocks: [{ kind: 'note', text: `${name} ${version} is deleted.` }],
          data: { name, version, deleted: true },
        });
      },
    },
  ],
  examples: [
    '%service Iris V1.0',
    '%service update Iris V1.0 --description "Names the species of an iris flower."',
    '%service delete Iris V2.0',
  ],
};

async function update(call: MagicCall, context: MagicContext): Promise<void> {
  const { arguments: given } = call;
  const name = given.word(0).text;
  const version = given.word(1).text;
  const request = await readChanges(call, context);
  if (Object.keys(request).length === 0) {
    const options = CHANGES.map((option) => `--${option}`).join(', ');
    throw new UsageError(`%service update changes nothing as written. Name one of ${options}.`);
  }
  const client = await context.client();
  await withProgress(context, (step) =>
    step(`Updating ${name} ${version}`, () => client.services.update(name, version, request)),
  );
  const changed = await findService(context, name, version);
  show(
    context,
    serviceView(client, changed, {
      title: { text: `${name} ${version} is updated`, tone: 'good' },
      data: { outcome: 'updated' },
    }),
  );
}

async function readChanges(
  call: MagicCall,
  context: MagicContext,
): Promise<PatchWebServiceRequest> {
  const { arguments: given } = call;
  const description = given.value('description');
  const operationId = given.value('alias');
  const inputs = given.values('in');
  const outputs = given.values('out');
  const files = given.values('files');
  const initCode = given.value('init');
  const snapshot = given.value('snapshot');
  const saved = snapshot === undefined ? undefined : await findSnapshot(context, snapshot);
  return {
    ...(description === undefined ? {} : { description }),
    ...(operationId === undefined ? {} : { operationId }),
    ...(inputs === undefined
      ? {}
      : { inputParameterDefinitions: parseDefinitions('--in', inputs) }),
    ...(outputs === undefined
      ? {}
      : { outputParameterDefinitions: parseDefinitions('--out', outputs) }),
    ...(files === undefined ? {} : { outputFileNames: [...files] }),
    ...(initCode === undefined ? {} : { initCode }),
    ...(saved === undefined ? {} : { snapshotId: saved.id }),
  };
}
