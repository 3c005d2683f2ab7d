import { LONGEST_LEASE } from '../../src/api/index.js';
import { type MagicContext, MagicError, notSupported } from '../magic-context.js';
import { type Column, code, formatTime, type Inline, type View } from '../output/index.js';
import { type MagicDefinition, optional, word } from './definition.js';
import { formatDuration, parseDuration } from './duration.js';
import { withProgress } from './progress.js';
import { findSession, type ListedSession, listSessions, shortId } from './session-lookup.js';
import { show } from './show.js';
import { findSnapshot } from './snapshot-lookup.js';

/** Seconds that `%session keep` keeps a session when it is not told how long. */
const DEFAULT_LEASE = 24 * 60 * 60;

/** `%session`: the sessions of the user, and which one runs the cells. */
export const session: MagicDefinition = {
  name: 'session',
  summary: 'Lists, starts, attaches, keeps and closes sessions.',
  description: [
    'A session is the Python that runs the cells. `new` and `attach` put this notebook on another one. ID is an id, the beginning of one, or a name.',
    'A session that this notebook has started is closed when its kernel ends, unless it is kept or another notebook is attached to it. One that it has attached to lives on.',
  ],
  options: {
    snapshot: { value: 'S', kind: 'snapshot', summary: 'Snapshot to start from: its id or name.' },
    runtime: {
      value: 'R',
      choices: ['Python', 'R'],
      summary: 'Language of the session; Python by default.',
    },
    lease: {
      value: 'TIME',
      summary: 'Keeps the session that long after nobody uses it any more: 30m, 2h, 1d.',
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
      options: ['snapshot', 'runtime', 'lease'],
      summary: 'Starts a session and moves this notebook there.',
      async run(call, context) {
        const name = call.arguments.optionalWord(0)?.text;
        const snapshot = call.arguments.value('snapshot');
        const runtime = call.arguments.value('runtime') === 'R' ? 'R' : 'Python';
        const lease = call.arguments.value('lease');
        const seconds = lease === undefined ? undefined : leaseOf('--lease', lease);
        if (seconds !== undefined) await requireLeases(context);
        const saved = snapshot === undefined ? undefined : await findSnapshot(context, snapshot);
        await withProgress(context, (step) =>
          step(saved === undefined ? 'Starting the session' : `Starting from "${saved.name}"`, () =>
            context.session.startNew(
              {
                runtime,
                ...(name === undefined ? {} : { name }),
                ...(saved === undefined ? {} : { snapshotId: saved.id }),
              },
              context.signal,
            ),
          ),
        );
        if (saved !== undefined) context.session.noteSnapshot(saved);
        if (seconds !== undefined) await context.session.keep(seconds);
        show(context, currentView(context, 'Started', seconds));
      },
    },
    {
      action: 'attach',
      takes: [word('ID', 'session')],
      summary: 'Moves this notebook to a session that is there already.',
      async run(call, context) {
        const found = await findSession(context, call.arguments.word(0).text);
        await withProgress(context, (step) =>
          step(`Attaching to ${found.name}`, () =>
            context.session.attach(found.id, context.signal),
          ),
        );
        show(context, currentView(context, 'Attached to'));
      },
    },
    {
      action: 'keep',
      takes: [optional('TIME')],
      summary: `Keeps this session when the notebook’s kernel ends, for TIME; ${formatDuration(DEFAULT_LEASE)} by default.`,
      async run(call, context) {
        const time = call.arguments.optionalWord(0)?.text;
        const seconds = time === undefined ? DEFAULT_LEASE : leaseOf('%session keep', time);
        if (context.session.current() === undefined) await context.link();
        await requireLeases(context);
        await context.session.keep(seconds);
        show(context, currentView(context, 'Keeps', seconds));
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
        const wanted = call.arguments.optionalWord(0)?.text;
        const found = wanted === undefined ? current : await findSession(context, wanted);
        if (found === undefined) {
          show(context, note('This notebook has no session now; the next cell starts one.'));
        } else if (found.id === current?.id) {
          await withProgress(context, (step) =>
            step('Closing the session', () => context.session.close({ force })),
          );
          show(context, note('The session is closed. The next cell starts a new one.'));
        } else {
          const { sessions } = await context.client();
          await (force ? sessions.forceClose(found.id) : sessions.close(found.id));
          show(context, note(`The session ${found.name} (${shortId(found.id)}) is closed.`));
        }
      },
    },
  ],
  examples: [
    '%session',
    '%session new training --snapshot "Iris Snapshot"',
    '%session keep 8h',
    '%session attach training',
    '%session close -f',
  ],
};

function leaseOf(option: string, text: string): number {
  return parseDuration(option, text, LONGEST_LEASE);
}

/** @throws {MagicError} for a server whose sessions end as it sees fit. */
async function requireLeases(context: MagicContext): Promise<void> {
  const client = await context.client();
  if ((await client.sessions.details()) !== undefined) return;
  throw notSupported('A session cannot be kept');
}

async function list(context: MagicContext): Promise<void> {
  const sessions = await listSessions(context);
  const current = context.session.current()?.id;
  const hasDetails = sessions.some(({ state }) => state !== undefined);
  const columns = [
    { title: 'Name' },
    { title: 'Id' },
    ...(hasDetails ? DETAIL_COLUMNS : [{ title: 'Runtime' }]),
    { title: '', oneLine: true },
  ];
  show(context, {
    title: 'Sessions',
    blocks: [
      {
        kind: 'table',
        columns,
        rows: sessions.map((each) => [
          each.name,
          code(hasDetails ? shortId(each.id) : each.id),
          ...(hasDetails ? detailCells(each, each.id === current) : [each.runtimeType]),
          each.id === current ? { text: 'this notebook', tone: 'good' as const } : '',
        ]),
        empty: 'No session runs. The next cell starts one.',
      },
    ],
    data: sessions.map((each) => ({ ...each, current: each.id === current })),
  });
}

const DETAIL_COLUMNS: readonly Column[] = [
  { title: 'State' },
  { title: 'Since', oneLine: true },
  { title: 'Attached' },
  { title: 'Lease', oneLine: true },
];

function detailCells(session: ListedSession, isCurrent: boolean): Inline[] {
  const { state = '', created = '', attached = [], lease = 0, leaseLeft } = session;
  const names = attached.map(({ client }) => client);
  const isUnused = typeof leaseLeft === 'number';
  return [
    { text: state, tone: state === 'running' ? 'good' : 'muted' },
    formatTime(localTime(created)),
    names.length > 0 ? names.join(', ') : { text: 'nobody', tone: 'muted' },
    isUnused && !isCurrent ? `${formatDuration(leaseLeft)} left` : formatDuration(lease),
  ];
}

/** A time of the server, in UTC, as the clock of this machine shows it. */
function localTime(utc: string): string {
  const time = new Date(utc);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
}

function currentView(context: MagicContext, verb: string, lease?: number): View {
  const current = context.session.current();
  if (current === undefined) {
    throw new MagicError('SessionEnded', 'The session has ended. Run the cell again.');
  }
  const { id, name, url, user } = current;
  const kept =
    lease === undefined
      ? ''
      : ` It lives on for ${formatDuration(lease)} after its last use; %session attach ${shortId(id)} brings a notebook back to it.`;
  return {
    blocks: [
      { kind: 'note', tone: 'good', text: `${verb} session ${name} (${shortId(id)}).${kept}` },
    ],
    data: { id, name, url, user, lease: lease ?? null },
  };
}

function note(text: string): View {
  return { blocks: [{ kind: 'note', text }], data: { message: text } };
}
