import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ConnectionFileError,
  type ConnectionInfo,
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

describe('a connection file', () => {
  it('is read with what else Jupyter writes into it', () => {
    expect(read({ ...VALID, kernel_name: 'slipway' })).toMatchObject(VALID);
  });

  it.each([
    ['it is no JSON', '{'],
    ['it is no object', 7],
    ['a port is missing', { ...VALID, hb_port: undefined }],
    ['a port is a text', { ...VALID, shell_port: '1' }],
    ['a port is too large', { ...VALID, shell_port: 65_536 }],
    ['the transport is unknown', { ...VALID, transport: 'udp' }],
    ['the key is missing', { ...VALID, key: undefined }],
    ['the address is empty', { ...VALID, ip: '' }],
  ])('is refused with a sentence that names it when %s', (_, content) => {
    expect(() => read(content)).toThrow(ConnectionFileError);
    expect(() => read(content)).toThrow(directory);
  });

  it('that does not exist is refused', () => {
    expect(() => readConnectionFile(join(directory, 'none.json'))).toThrow(ConnectionFileError);
  });

  it('gives addresses in the forms of both transports', () => {
    expect(endpoint(VALID, 7)).toBe('tcp://127.0.0.1:7');
    expect(endpoint({ ...VALID, transport: 'ipc', ip: '/tmp/k' }, 7)).toBe('ipc:///tmp/k-7');
  });
});
