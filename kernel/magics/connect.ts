import {
  AUTH_METHODS,
  type AuthMethod,
  DEFAULT_USER,
  type SettingKey,
  type SettingOrigin,
} from '../../src/client/index.js';
import type { MagicContext } from '../magic-context.js';
import type { Inline, View } from '../output/index.js';
import { type MagicDefinition, optional } from './definition.js';
import { withProgress } from './progress.js';
import { show } from './show.js';
import { UsageError } from './usage-error.js';

/** `%connect`: the server whose sessions run the cells. */
export const connect: MagicDefinition = {
  name: 'connect',
  summary: 'Connects this notebook with a server, or shows which one it uses, and why.',
  description: [
    'The password is asked for and never stands in the cell. With --auth aad the cell shows a page and a code to confirm there; the server says where that is. Without a terminal (papermill, nbconvert), set SLIPWAY_URL, SLIPWAY_USER and SLIPWAY_PASSWORD, or SLIPWAY_TOKEN, before the kernel starts; or name a file or a command that has it.',
    'URL is an address, the name of a server in the configuration file, or "embedded" for your own server on this machine.',
    'With no server configured, the kernel uses this user’s own: it is found or started as needed.',
  ],
  options: {
    user: { value: 'NAME', summary: `Name of the user; ${DEFAULT_USER} by default.` },
    auth: {
      value: 'METHOD',
      choices: AUTH_METHODS,
      summary:
        'admin (the default) asks for a password, token for an access token, aad for a login in your browser (Azure AD and other issuers of OpenID Connect); ldap asks for the password that a directory checks, and needs --user.',
    },
  },
  refuses: { password: secretInCell('password'), token: secretInCell('token') },
  forms: [
    {
      takes: [optional('URL')],
      options: ['user', 'auth'],
      summary: 'Logs in and starts a session there; without URL, shows the connection.',
      async run(call, context) {
        const url = call.arguments.optionalWord(0)?.text;
        if (url !== undefined) {
          const settings = {
            url,
            user: call.arguments.value('user'),
            auth: call.arguments.value('auth') as AuthMethod | undefined,
          };
          await withProgress(context, (step) =>
            step('Logging in and starting a session', () =>
              context.session.connect(settings, context.signal),
            ),
          );
        } else if (call.arguments.value('user') ?? call.arguments.value('auth')) {
          throw new UsageError(
            'Say with which server: %connect URL --user NAME. %connect alone shows the one in use.',
          );
        }
        show(context, await connectionView(context));
      },
    },
  ],
  examples: [
    '%connect',
    '%connect http://rserver.example.com:12800 --user ada',
    '%connect https://rserver.example.com --auth token',
    '%connect https://rserver.example.com --auth aad',
    '%connect embedded',
  ],
};

/** Why a secret is refused: it is in the notebook and its history by then. */
function secretInCell(what: 'password' | 'token'): string {
  return `%connect takes no --${what}: a cell is saved with the notebook, for everyone who gets it. Take it out of the cell, and change the ${what} if the notebook has been saved. Without it, %connect asks.`;
}

/** Told of servers that have nothing more. */
const PLAIN_API = ['API', 'R Server 9.1 alone: no input(), no widgets, no debugger'] as const;

/** The server and the session in use, and which setting comes from where. */
async function connectionView(context: MagicContext): Promise<View> {
  const client = await context.client();
  const { sessionId, isPlain } = await context.link();
  const current = context.session.current();
  const user = current?.user ?? client.username ?? '';
  const name = current?.name ?? '';
  return {
    title: 'Connected',
    blocks: [
      {
        kind: 'fields',
        rows: [
          ['Server', { text: client.url, href: client.url }],
          ['Kind', client.embedded ? 'your own, on this machine' : 'remote'],
          ...(isPlain ? [PLAIN_API] : []),
          ['User', user],
          ['Session', name === '' ? sessionId : `${name} (${sessionId})`],
        ],
      },
      {
        kind: 'table',
        columns: [{ title: 'Setting' }, { title: 'Value' }, { title: 'From' }],
        rows: client.origins.filter(({ source }) => source !== 'default').map(settingRow),
        empty: 'Nothing is configured, so that your own server on this machine is used.',
      },
    ],
    data: {
      url: client.url,
      embedded: client.embedded,
      user,
      session: { id: sessionId, name },
      settings: client.origins.map((origin) => ({ ...origin })),
    },
  };
}

const LABELS: Readonly<Record<SettingKey, string>> = {
  url: 'server',
  user: 'user',
  auth: 'login by',
  token: 'token',
  tokenFile: 'token from a file',
  password: 'password',
  passwordFile: 'password from a file',
  credentialCommand: 'login by a command',
  authority: 'issuer',
  clientId: 'client at the issuer',
  audience: 'API at the issuer',
  scope: 'scope at the issuer',
  caFile: 'trusted certificates',
  timeout: 'time limit in seconds',
};

/** A secret comes without its value. */
function settingRow({ key, value, source, where }: SettingOrigin): Inline[] {
  const from = where === '' || where === source ? source : `${source}: ${where}`;
  return [LABELS[key], value === undefined ? 'not shown' : String(value), from];
}
