import { DEFAULT_USER } from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import type { Span, View } from '../output/index.js';
import { type MagicDefinition, optional } from './definition.js';
import { show } from './show.js';

/** How a user logs in: the first two with a password, the others with a token. */
const AUTHENTICATION = ['admin', 'ldap', 'aad', 'token'] as const;

/** `%connect`: the server whose sessions run the cells. */
export const connect: MagicDefinition = {
  name: 'connect',
  summary: 'Connects this notebook with a server, or shows which one it uses.',
  description: [
    'The password is asked for and never stands in the cell. Without a terminal (papermill, nbconvert), set SLIPWAY_URL, SLIPWAY_USER and SLIPWAY_PASSWORD, or SLIPWAY_TOKEN, before the kernel starts.',
    'With no server configured, the kernel uses this user’s own: it is found or started as needed.',
  ],
  options: {
    user: { value: 'NAME', summary: `Name of the user; ${DEFAULT_USER} by default.` },
    auth: {
      value: 'METHOD',
      choices: AUTHENTICATION,
      summary: 'admin or ldap ask for a password, aad or token for an access token.',
    },
  },
  forms: [
    {
      takes: [optional('URL')],
      options: ['user', 'auth'],
      summary: 'Logs in and starts a session there; without URL, shows the connection.',
      async run(call, context) {
        const url = call.arguments.optionalWord(0)?.text;
        if (url !== undefined) {
          const withToken = ['aad', 'token'].includes(call.arguments.value('auth') ?? 'admin');
          const username = call.arguments.value('user') ?? process.env.SLIPWAY_USER ?? DEFAULT_USER;
          if (withToken) {
            const token = await secret(context, url, 'SLIPWAY_TOKEN', `Access token for ${url}: `);
            await context.session.connect(url, { kind: 'token', token });
          } else {
            const prompt = `Password of ${username} at ${url}: `;
            const password = await secret(context, url, 'SLIPWAY_PASSWORD', prompt);
            await context.session.connect(url, { kind: 'password', username, password });
          }
        }
        show(context, await connectionView(context));
      },
    },
  ],
  examples: [
    '%connect',
    '%connect http://rserver.example.com:12800 --user ada',
    '%connect https://rserver.example.com --auth token',
  ],
};

/** Asks for a secret; where nobody can answer, the environment's is used. */
async function secret(
  context: MagicContext,
  url: string,
  variable: 'SLIPWAY_PASSWORD' | 'SLIPWAY_TOKEN',
  prompt: string,
): Promise<string> {
  if (context.execution.allowStdin) return context.input(prompt, true);
  const value = process.env[variable];
  if (value) return value;
  throw new MagicError(
    'StdinNotImplementedError',
    `%connect cannot ask for the login to ${url}, because this client takes no input. Set ${variable} in the environment of the kernel.`,
  );
}

/** The server and the session in use. */
async function connectionView(context: MagicContext): Promise<View> {
  const client = await context.client();
  const { sessionId } = await context.link();
  const current = context.session.current();
  const user = current?.user ?? client.username ?? '';
  const name = current?.name ?? '';
  const server: Span = { text: client.url, href: client.url };
  return {
    title: 'Connected',
    blocks: [
      {
        kind: 'fields',
        rows: [
          ['Server', server],
          ['Kind', client.embedded ? 'your own, on this machine' : 'remote'],
          ['User', user],
          ['Session', name === '' ? sessionId : `${name} (${sessionId})`],
        ],
      },
    ],
    data: { url: client.url, embedded: client.embedded, user, session: { id: sessionId, name } },
  };
}
