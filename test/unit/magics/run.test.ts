import { describe, expect, it } from 'vitest';
import type { MagicContext, MimeBundle } from '../../../kernel/magic-context.js';
import { magicHelp, magicNames, runMagic } from '../../../kernel/magics/index.js';
import { ServerUnreachableError } from '../../../src/client/index.js';

/** A context whose server cannot be reached; it shows into a list. */
function offline(change: Partial<MagicContext> = {}) {
  const shown: MimeBundle[] = [];
  const unreachable = () =>
    Promise.reject(new ServerUnreachableError('http://host:1', 'ECONNREFUSED', {}));
  const context: MagicContext = {
    link: unreachable,
    client: unreachable,
    session: {
      current: () => undefined,
      startNew: unreachable,
      attach: unreachable,
      keep: unreachable,
      noteSnapshot: () => undefined,
      forgetSnapshot: () => undefined,
      close: unreachable,
      connect: unreachable,
    },
    display: (bundle) => shown.push(bundle),
    stream: () => undefined,
    input: async () => 'secret',
    signal: new AbortController().signal,
    execution: { silent: false, allowStdin: false },
    ...change,
  };
  return { context, shown };
}

const run = (name: string, args: string, context: MagicContext) =>
  runMagic({ name, args, line: 1 }, context);

describe('help', () => {
  it.each([...magicNames])('-h of %s needs no server and shows its usage', async (name) => {
    const { context, shown } = offline();
    await run(name, '-h', context);
    expect(shown).toHaveLength(1);
    expect(shown[0]?.['text/plain']).toContain(`%${name}`);
    expect(await magicHelp(name)).toEqual(shown[0]);
  });

  it('lists all magics', async () => {
    const { context, shown } = offline();
    await run('help', '', context);
    for (const name of magicNames) expect(shown[0]?.['text/plain']).toContain(`%${name}`);
  });

  it('knows what was meant', async () => {
    const { context } = offline();
    await expect(run('help', 'publsh', context)).rejects.toMatchObject({
      ename: 'UsageError',
      evalue: expect.stringContaining('Did you mean "publish"'),
    });
  });

  it('is silent about magics of others', async () => {
    expect(await magicHelp('timeit')).toBeUndefined();
  });
});

describe('failures', () => {
  it('carry the name of their cause and what to do', async () => {
    const { context } = offline();
    await expect(run('services', '', context)).rejects.toMatchObject({
      name: 'MagicError',
      ename: 'ServerUnreachableError',
      evalue: expect.stringContaining('Check that it runs'),
    });
  });
});

describe('%connect', () => {
  it('leaves the login to the session, which asks for it', async () => {
    const given: unknown[] = [];
    const { context } = offline();
    const connect = async (settings: unknown) => void given.push(settings);
    const session = { ...context.session, connect };
    const connecting = run('connect', 'work --user ada --auth token', { ...context, session });
    await expect(connecting).rejects.toMatchObject({ ename: 'ServerUnreachableError' });
    expect(given).toEqual([{ url: 'work', user: 'ada', auth: 'token' }]);
  });
});
