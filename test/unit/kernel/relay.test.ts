import { beforeEach, describe, expect, it } from 'vitest';
import { Frontend } from '../../../kernel/frontend.js';
import { InputDesk } from '../../../kernel/input.js';
import { Knowledge, KnownNames, OpenComms } from '../../../kernel/meanwhile/index.js';
import { OwnRequests } from '../../../kernel/own-requests.js';
import { Relay } from '../../../kernel/relay.js';
import { type OpenRequest, RequestLog } from '../../../kernel/requests.js';
import { Outbox, type SendingSocket } from '../../../kernel/sockets/outbox.js';
import type { KernelSockets } from '../../../kernel/sockets/sockets.js';
import {
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  decodeZmqFrames,
  Signer,
} from '../../../src/jupyter/index.js';
import type { SessionLink } from '../../../src/session/index.js';

let sent: string[];
let requests: RequestLog;
let relay: Relay;

/** A socket that notes what it is to send. */
const socket = (name: string, signer: Signer): SendingSocket => ({
  async send(frames) {
    const { message } = decodeZmqFrames(frames, signer);
    const { execution_state, status, ename } = decodeDict(message.content, 'content');
    const said = [execution_state, status, ename].filter(Boolean);
    sent.push([name, decodeHeader(message.header).msg_type, ...said].join(' '));
  },
});

beforeEach(() => {
  sent = [];
  requests = new RequestLog();
  const signer = new Signer('key', 'hmac-sha256');
  const sockets = {
    shell: socket('shell', signer),
    control: socket('control', signer),
    iopub: socket('iopub', signer),
  };
  const outbox = new Outbox(() => undefined);
  const frontend = new Frontend(sockets as unknown as KernelSockets, signer, outbox, requests);
  const comms = new OpenComms();
  const own = new OwnRequests(frontend.session, frontend.username);
  const names = new KnownNames({
    own,
    link: () => undefined,
    subshell: async () => undefined,
    isCellRunning: () => false,
    onProblem: () => undefined,
  });
  relay = new Relay(
    frontend,
    requests,
    own,
    new InputDesk(frontend),
    new Knowledge({ names, comms }),
    comms,
  );
});

function request(type: string, content: object): OpenRequest {
  const message = createMessage(createHeader(type, 'client', 'ana'), content);
  const header = decodeHeader(message.header);
  return requests.add({ header, channel: 'shell', identities: [Buffer.from('id')], message });
}

/** A status that the session publishes for a request. */
function says(execution_state: string, { message }: OpenRequest): void {
  const header = createHeader('status', 'session', '');
  relay.fromSession(
    'iopub',
    createMessage(header, { execution_state }, { parent: message.header }),
  );
}

describe('what a session has passed over', () => {
  const link = { isPlain: false, send: () => undefined } as unknown as SessionLink;
  const comm = (comm_id: string) => request('comm_msg', { comm_id, data: {} });

  it('is what is older than what it has ended, in the same queue', async () => {
    const dropped = request('is_complete_request', { code: '1' });
    const ended = request('history_request', {});
    for (const each of [dropped, ended]) relay.toSession(link, each);
    says('busy', ended);
    says('idle', ended);
    await new Promise(setImmediate);
    expect(requests.open()).toEqual([]);
  });

  it('is no comm whose message it handles elsewhere, nor what is in front of that', () => {
    const [slider, button] = [comm('slider'), comm('button')];
    const question = request('history_request', {});
    for (const each of [slider, question, button]) relay.toSession(link, each, 'subshell');
    says('idle', button);
    expect(requests.open()).toEqual([slider, question]);
    says('idle', question);
    expect(requests.open()).toEqual([slider]);
  });

  it('is an older message of the same comm', () => {
    const [first, second] = [comm('slider'), comm('slider')];
    relay.toSession(link, first);
    relay.toSession(link, second, 'subshell');
    says('idle', second);
    expect(requests.open()).toEqual([]);
  });
});

describe('a request that no session can serve', () => {
  it.each(['comm_open', 'comm_msg', 'comm_close'])(
    'is ended without an answer where none belongs: %s',
    async (type) => {
      relay.serveWithoutSession(
        request(type, { comm_id: 'c', data: {} }),
        new Error('No session.'),
      );
      await new Promise(setImmediate);
      expect(sent).toEqual(['iopub status busy', 'iopub status idle']);
    },
  );

  it('is answered from what the kernel knows: comm_info_request', async () => {
    relay.serveWithoutSession(request('comm_info_request', {}), new Error('No session.'));
    await new Promise(setImmediate);
    expect(sent).toEqual(['iopub status busy', 'shell comm_info_reply ok', 'iopub status idle']);
  });

  it('fails with what keeps it from the session', async () => {
    relay.serveWithoutSession(request('execute_request', { code: '1' }), new Error('No session.'));
    await new Promise(setImmediate);
    expect(sent[1]).toBe('shell execute_reply error Error');
    expect(requests.open()).toEqual([]);
  });
});
