import { type MagicContext, MagicError } from '../magic-context.js';
import { code, type View } from '../output/index.js';
import { type MagicDefinition, optional, word } from './definition.js';
import { show } from './show.js';
import { findSnapshot } from './snapshot-lookup.js';

/** `%session`: the sessions of the user, and which one runs the cells. */
export const session: MagicDefinition = {
  name: 'session',
  summary: 'Lists, starts, attaches and closes sessions.',
  description: [
    'A session is the Python that runs the cells. `new` and `attach` put this notebook on another one.',
  ],
  options: {
    snapshot: { value: 'S', kind: 'snapshot', summary: 'Snapshot to start from: its id or name.' },
    runtime: {
      value: 'R',
      choices: ['Python', 'R'],
      summary: 'Language of the session; Python by default.',
    },
    force: { short: 'f', summary: 'Kills a session that does not end by itself.' },
  },
  forms: [
    {
      takes: [],
      summary: 'Lists your sessions.',
      run: (_call, context) => list(context),
    },
    {
      action: 'list',
      takes: [],
      summary: 'Lists your sessions.',
      run: (_call, context) => list(context),
    },
    {
      action: 'new',
      takes: [optional('NAME')],
      options: ['snapshot', 'runtime'],
      summary: 'Starts a session and moves this notebook there.',
      async run(call, context) {
        const name = call.arguments.optionalWord(0)?.text;
        const snapshot = call.arguments.value('snapshot');
        const runtime = call.arguments.value('runtime') === 'R' ? 'R' : 'Python';
        const saved = snapshot === undefined ? undefined : await findSnapshot(context, snapshot);
        await context.session.startNew({
          runtime,
          ...(name === undefined ? {} : { name }),
          ...(saved === undefined ? {} : { snapshotId: saved.id }),
        });
        show(context, currentView(context, 'Started'));
      },
    },
    {
      action: 'attach',
      takes: [word('ID', 'session')],
      summary: 'Moves this notebook to a session that is there already.',
      async run(call, context) {
        const wanted = call.arguments.word(0).text;
        const sessions = await (await context.client()).sessions.list();
        const byName = sessions.filter(({ name }) => name === wanted);
        const found = sessions.find(({ id }) => id === wanted) ?? byName[0];
        if (found === undefined || byName.length > 1) {
          const problem =
            found === undefined ? 'There is no session' : 'Several sessions are called';
          throw new MagicError(
            'SessionNotFoundError',
            `${problem} "${wanted}". %session list shows yours with their ids.`,
          );
        }
        await context.session.attach(found.id);
        show(context, currentView(context, 'Attached to'));
      },
    },
    {
      action: 'close',
      takes: [optional('ID', 'session')],
      options: ['force'],
      summary: 'Closes this or another session; its variables are lost.',
      async run(call, context) {
        const force = call.arguments.flag('force');
        const current = context.session.current();
        const id = call.arguments.optionalWord(0)?.text ?? current?.id;
        if (id === undefined) {
          show(context, note('This notebook has no session now; the next cell starts one.'));
        } else if (id === current?.id) {
          await context.session.close({ force });
          show(context, note('The session is closed. The next cell starts a new one.'));
        } else {
          const { sessions } = await context.client();
          await (force ? sessions.forceClose(id) : sessions.close(id));
          show(context, note(`The session ${id} is closed.`));
        }
      },
    },
  ],
  examples: [
    '%session',
    '%session new training --snapshot "Iris Snapshot"',
    '%session attach training',
    '%session close -f',
  ],
};

async function list(context: MagicContext): Promise<void> {
  const sessions = await (await context.client()).sessions.list();
  const current = context.session.current()?.id;
  show(context, {
    title: 'Sessions',
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'Name' }, { title: 'Id' }, { title: 'Runtime' }, { title: '' }],
        rows: sessions.map(({ id, name, runtimeType }) => [
          name,
          code(id),
          runtimeType,
          id === current ? { text: 'this notebook', tone: 'good' } : '',
        ]),
        empty: 'No session runs. The next cell starts one.',
      },
    ],
    data: sessions.map((each) => ({ ...each, current: each.id === current })),
  });
}

function currentView(context: MagicContext, verb: string): View {
  const current = context.session.current();
  if (current === undefined) {
    throw new MagicError('SessionEnded', 'The session has ended. Run the cell again.');
  }
  const { id, name, url, user } = current;
  return {
    blocks: [{ kind: 'note', tone: 'good', text: `${verb} session ${name} (${id}).` }],
    data: { id, name, url, user },
  };
}

function note(text: string): View {
  return { blocks: [{ kind: 'note', text }], data: { message: text } };
}
