import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ConnectionFileError,
  type ConnectionInfo,
  curveServerOptions,
  endpoint,
  readConnectionFile,
} from '../../../src/jupyter/index.js';

const directory = mkdtempSync(join(tmpdir(), 'slipway-connection-'));
afterAll(() => rmSync(directory, { recursive: true }));

const VALID: ConnectionInfo = {
  transport: 'tcp',
  ip: '127.0.0.1',
  shell_port: 1,
  iopub_port: 2,
  stdin_port: 3,
  control_port: 4,
  hb_port: 5,
  key: 'k',
  signature_scheme: 'hmac-sha256',
};

function read(content: unknown): ConnectionInfo {
  const path = join(directory, 'connection.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readConnectionFile(path);
}

function refusal(refused: () => unknown): ConnectionFileError {
  try {
    refused();
  } catch (error) {
    if (error instanceof ConnectionFileError) return error;
    throw error;
  }
  throw new Error('The connection file was not refused.');
}

describe('a connection file', () => {
  it('is read with what else Jupyter writes into it', () => {
    expect(read({ ...VALID, kernel_name: 'slipway' })).toMatchObject(VALID);
  });

  it('is read with the keys of CurveZMQ, when it has both', () => {
    const keys = { curve_publickey: 'a'.repeat(40), curve_secretkey: 'Z#'.repeat(20) };
    expect(curveServerOptions(read({ ...VALID, ...keys }))).toEqual({
      curveServer: true,
      curvePublicKey: keys.curve_publickey,
      curveSecretKey: keys.curve_secretkey,
    });
    expect(curveServerOptions(read(VALID))).toEqual({});
  });

  it('may have an empty key: its messages are not signed', () => {
    expect(read({ ...VALID, key: '' }).key).toBe('');
  });

  it.each([
    ['it is empty', '', 'CONNECTION_FILE_SYNTAX'],
    ['it is cut off', JSON.stringify(VALID).slice(0, -20), 'CONNECTION_FILE_SYNTAX'],
    ['it is no object', 7, 'CONNECTION_FILE_SYNTAX'],
    ['it is a list', [VALID], 'CONNECTION_FILE_SYNTAX'],
    ['a port is missing', { ...VALID, hb_port: undefined }, 'CONNECTION_PORT'],
    ['a port is a text', { ...VALID, shell_port: '1' }, 'CONNECTION_PORT'],
    ['a port is 0', { ...VALID, shell_port: 0 }, 'CONNECTION_PORT'],
    ['a port is negative', { ...VALID, shell_port: -1 }, 'CONNECTION_PORT'],
    ['a port is a fraction', { ...VALID, shell_port: 1.5 }, 'CONNECTION_PORT'],
    ['a port is too large', { ...VALID, shell_port: 65_536 }, 'CONNECTION_PORT'],
    ['two ports are the same', { ...VALID, iopub_port: 1 }, 'CONNECTION_PORT'],
    ['the transport is unknown', { ...VALID, transport: 'udp' }, 'CONNECTION_TRANSPORT'],
    ['the transport is missing', { ...VALID, transport: undefined }, 'CONNECTION_TRANSPORT'],
    ['the key is missing', { ...VALID, key: undefined }, 'CONNECTION_KEY'],
    ['the scheme is missing', { ...VALID, signature_scheme: null }, 'CONNECTION_KEY'],
    ['the address is empty', { ...VALID, ip: '' }, 'CONNECTION_ADDRESS'],
    [
      'it has one of the keys of CurveZMQ',
      { ...VALID, curve_publickey: 'a'.repeat(40) },
      'CONNECTION_CURVE_KEYS',
    ],
    [
      'a key of CurveZMQ is none',
      { ...VALID, curve_publickey: 'a'.repeat(40), curve_secretkey: '~'.repeat(40) },
      'CONNECTION_CURVE_KEYS',
    ],
  ])('is refused when %s', (_, content, code) => {
    expect(refusal(() => read(content))).toMatchObject({ code });
  });

  it('that does not exist is refused, and so is a directory', () => {
    const missing = () => readConnectionFile(join(directory, 'none.json'));
    expect(refusal(missing)).toMatchObject({ code: 'CONNECTION_FILE_MISSING' });
    const folder = () => readConnectionFile(directory);
    expect(refusal(folder)).toMatchObject({ code: 'CONNECTION_FILE_UNREADABLE' });
  });

  it('is not quoted by what refuses it, as it holds a key', () => {
    const contents = ['secret', '{"key": "secret"', '{"key": "secret" x', '{"key": "secret"}'];
    for (const content of contents) {
      const { message } = refusal(() => read(content));
      expect(message).toContain(directory);
      expect(message).not.toContain('secret');
    }
  });

  it('gives addresses in the forms of both transports', () => {
    expect(endpoint(VALID, 7)).toBe('tcp://127.0.0.1:7');
    expect(endpoint({ ...VALID, transport: 'ipc', ip: '/tmp/k' }, 7)).toBe('ipc:///tmp/k-7');
  });
});
