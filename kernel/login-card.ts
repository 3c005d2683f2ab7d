import type { DeviceCode } from '../src/client/index.js';
import type { MimeBundle } from './magic-context.js';
import { code as codeText, toBundle } from './output/index.js';

/** What a user has to do to log in to a server: open a page, and confirm a code there. */
export function codeCard(
  url: string,
  { page, code, pageWithCode, expiresAt, authority, purpose }: DeviceCode,
): MimeBundle {
  const minutes = Math.max(1, Math.round((expiresAt - Date.now()) / 60_000));
  return toBundle({
    title: `Log in to ${url}`,
    blocks: [
      {
        kind: 'fields',
        rows: [
          ['Open', { text: page, href: pageWithCode ?? page }],
          ['Code', codeText(code)],
          ['Issuer', authority],
          ['For', codeText(purpose)],
          ['Holds for', minutes === 1 ? '1 minute' : `${minutes} minutes`],
        ],
      },
      {
        kind: 'note',
        text: 'Confirm there that it is you, and that you want this notebook to use the server in your name. The cell goes on by itself; interrupt it to give up.',
      },
    ],
    data: { url, login: 'waiting', page, code },
  });
}

/** What stands in place of the code when it is of no use any more. */
export function outcomeCard(url: string, isConfirmed: boolean): MimeBundle {
  return toBundle({
    blocks: [
      isConfirmed
        ? { kind: 'note', tone: 'good', text: `The login to ${url} is confirmed.` }
        : { kind: 'note', tone: 'muted', text: `The login to ${url} was not confirmed.` },
    ],
    data: { url, login: isConfirmed ? 'confirmed' : 'not confirmed' },
  });
}
