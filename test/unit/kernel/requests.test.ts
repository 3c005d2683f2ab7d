import { describe, expect, it } from 'vitest';
import { readExecuteRequest } from '../../../kernel/cell/execute-request.js';
import { RequestLog } from '../../../kernel/requests.js';
import { ReplayGuard } from '../../../kernel/sockets/replay-guard.js';
import { createHeader, createMessage, MalformedMessageError } from '../../../src/jupyter/index.js';

const request = (id: string) => {
  const header = { ...createHeader('x_request', 's', 'u'), msg_id: id };
  const message = createMessage(header, {});
  return { header, channel: 'shell' as const, identities: [], message };
};

describe('the log of requests', () => {
  it('knows the header of a request while it is open and for a while after', () => {
    const log = new RequestLog();
    const open = log.add(request('first'));
    expect(log.headerOf('first')).toBe(open.message.header);
    log.finish('first');
    expect(log.find('first')).toBeUndefined();
    expect(log.headerOf('first')).toBe(open.message.header);
    for (let index = 0; index < 1000; index++) {
      log.add(request(`${index}`));
      log.finish(`${index}`);
    }
    expect(log.headerOf('first')).toBeUndefined();
    expect(log.headerOf('999')).toBeDefined();
  });
});

describe('the guard against replays', () => {
  it('admits a signature once, and unsigned messages always', () => {
    const guard = new ReplayGuard();
    const signature = Buffer.from('ab'.repeat(32));
    expect(guard.admit(signature)).toBe(true);
    expect(guard.admit(Buffer.from(signature))).toBe(false);
    expect(guard.admit(Buffer.alloc(0))).toBe(true);
    expect(guard.admit(Buffer.alloc(0))).toBe(true);
  });

  it('forgets the oldest, not the newest, when it is full', () => {
    const guard = new ReplayGuard();
    for (let index = 0; index <= 65_536; index++) guard.admit(Buffer.from(`${index}`));
    expect(guard.admit(Buffer.from('65536'))).toBe(false);
    expect(guard.admit(Buffer.from('0'))).toBe(true);
  });
});

describe('an execute_request', () => {
  const read = (content: object) => readExecuteRequest(Buffer.from(JSON.stringify(content)));

  it('has the defaults of the protocol', () => {
    expect(read({ code: 'x' })).toEqual({
      code: 'x',
      silent: false,
      storeHistory: true,
      userExpressions: {},
      allowStdin: false,
      stopOnError: true,
    });
  });

  it('that is silent stores no history, whatever it says', () => {
    expect(read({ code: '', silent: true, store_history: true }).storeHistory).toBe(false);
  });

  it('without code is malformed', () => {
    for (const content of [{}, { code: null }, { code: ['x'] }]) {
      expect(() => read(content)).toThrow(MalformedMessageError);
    }
  });
});
