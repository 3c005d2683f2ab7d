import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curveKeyPair, Dealer, Request, Subscriber } from 'zeromq';
import {
  type ConnectionInfo,
  createHeader,
  createMessage,
  encodeZmqFrames,
  endpoint,
  Signer,
} from '../../src/jupyter/index.js';
import { curveClientOptions, type KernelProcess, startKernel, within } from '../support/kernel.js';

/** Milliseconds in which a kernel that spoke to a stranger would have done so. */
const SILENCE = 500;

let kernel: KernelProcess;
let connection: ConnectionInfo;

beforeAll(async () => {
  const { publicKey, secretKey } = curveKeyPair();
  // What is tested are the sockets: no session is needed, and none can be started.
  kernel = await startKernel(
    { SLIPWAY_URL: 'http://127.0.0.1:1', SLIPWAY_TOKEN: 'none' },
    { curve_publickey: publicKey, curve_secretkey: secretKey },
  );
  connection = kernel.connection;
});
afterAll(async () => kernel?.stop());

/** A genuine request: a stranger who recorded the key has one. */
function signedRequest(): { id: string; frames: Uint8Array[] } {
  const header = createHeader('kernel_info_request', 'stranger', 'stranger');
  const signer = new Signer(connection.key, connection.signature_scheme);
  return { id: header.msg_id, frames: encodeZmqFrames([], createMessage(header, {}), signer) };
}

const strangers = {
  'without keys': () => ({}),
  'with the key of another server': () => {
    const own = curveKeyPair();
    return {
      curvePublicKey: own.publicKey,
      curveSecretKey: own.secretKey,
      curveServerKey: curveKeyPair().publicKey,
    };
  },
};

describe('CurveZMQ, where the connection file has keys', () => {
  it('serves a client with the keys on shell, control, iopub and heartbeat', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const { reply, published } = await kernel.client.request(
        'kernel_info_request',
        {},
        { channel },
      );
      expect(reply.content.status).toBe('ok');
      expect(published.map(({ content }) => content.execution_state)).toEqual(['busy', 'idle']);
    }
    const heart = new Request({ linger: 0, ...curveClientOptions(connection) });
    heart.connect(endpoint(connection, connection.hb_port));
    await heart.send('ping');
    const [echo] = await within(heart.receive(), 'the heartbeat', 5000);
    expect(echo?.toString()).toBe('ping');
    heart.close();
  });

  describe.each(Object.entries(strangers))('says nothing to a client %s', (_, options) => {
    it.each(['shell_port', 'control_port', 'stdin_port'] as const)('on %s', async (port) => {
      const stranger = new Dealer({ linger: 0, receiveTimeout: SILENCE, ...options() });
      stranger.connect(endpoint(connection, connection[port]));
      const { id, frames } = signedRequest();
      await stranger.send(frames);
      await expect(stranger.receive()).rejects.toMatchObject({ code: 'EAGAIN' });
      stranger.close();
      expect(kernel.client.publishedFor(id)).toEqual([]);
    });

    it('on hb_port', async () => {
      const stranger = new Request({ linger: 0, receiveTimeout: SILENCE, ...options() });
      stranger.connect(endpoint(connection, connection.hb_port));
      await stranger.send('ping');
      await expect(stranger.receive()).rejects.toMatchObject({ code: 'EAGAIN' });
      stranger.close();
    });

    it('on iopub_port', async () => {
      const stranger = new Subscriber({ linger: 0, ...options() });
      stranger.connect(endpoint(connection, connection.iopub_port));
      stranger.subscribe();
      const heard: unknown[] = [];
      const reading = (async () => {
        for await (const frames of stranger) heard.push(frames);
      })();
      await kernel.client.request('kernel_info_request', {});
      await delay(SILENCE);
      stranger.close();
      await reading;
      expect(heard).toEqual([]);
    });
  });
});
