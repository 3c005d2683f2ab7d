import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RServerClient } from '../../../src/client/index.js';
import {
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
} from '../../../src/jupyter/index.js';
import type { SessionLink } from '../../../src/session/index.js';
import { openRest } from '../../../src/session/rest.js';
import { ScriptedServer } from '../client/scripted-server.js';

const INFO = { status: 'ok', result: { python: '3.5.2', executionCount: 1 } };

let server: ScriptedServer;
let client: RServerClient;
let link: SessionLink;
let heard: string[];

beforeEach(async () => {
  server = await ScriptedServer.start(() => ({
    body: {
      success: true,
      errorMessage: '',
      consoleOutput: '',
      outputParameters: [{ name: '__slipway_reply__', value: JSON.stringify(INFO) }],
      changedFiles: [],
    },
  }));
  client = new RServerClient({ url: server.url, credentials: { kind: 'token', token: 't' } });
  heard = [];
  link = await openRest({
    client,
    sessionId: 's',
    onMessage: (channel, message) => {
      const type = decodeHeader(message.header).msg_type;
      const { execution_state: state } = decodeDict(message.content, 'content');
      heard.push([channel, type, state].filter(Boolean).join(' '));
    },
  });
});
afterEach(async () => {
  await link.close();
  await client.close();
  await server.close();
});

describe('the link to a session by R Server’s routes', () => {
  it.each(['__proto__', 'constructor', 'toString', 'valueOf', 'no_such_request'])(
    'says busy and idle, and no more, to the unknown type %s',
    async (type) => {
      link.send('shell', createMessage(createHeader(type, 's', 'u'), {}));
      await new Promise(setImmediate);
      expect(heard).toEqual(['iopub status busy', 'iopub status idle']);
      link.send('shell', createMessage(createHeader('comm_info_request', 's', 'u'), {}));
      await new Promise(setImmediate);
      expect(heard.slice(2)).toEqual([
        'iopub status busy',
        'shell comm_info_reply',
        'iopub status idle',
      ]);
    },
  );
});
