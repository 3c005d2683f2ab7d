import { chmod, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type PeerCertificate } from 'node:tls';
import {
  CONFIG_DEFAULTS,
  createServer,
  type ServerConfig,
  type SlipwayServer,
} from '../../src/server/index.js';
import { testConfig } from './server.js';

const CERTIFICATES = resolve(import.meta.dirname, 'certificates');

/** An answer that came over TLS. */
export interface SecureAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A real server with a certificate that the authority of the tests has signed. */
export interface HttpsServer {
  readonly server: SlipwayServer;
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** The authority, in PEM form. */
  readonly ca: string;
  readonly caFile: string;
  readonly dataDirectory: string;
  /** Puts another certificate of the tests into the place of the server's. */
  replaceCertificate(name: string): Promise<void>;
  request(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<SecureAnswer>;
  /** The name in the certificate that a new connection gets. @param host by default 127.0.0.1 */
  subject(host?: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts a server that speaks HTTPS on loopback. */
export async function startHttpsServer(
  overrides: Partial<ServerConfig> = {},
): Promise<HttpsServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-https-'));
  const certificateFile = join(dataDirectory, 'server.pem');
  const keyFile = join(dataDirectory, 'server.key');
  const replaceCertificate = async (name: string) => {
    await copyFile(join(CERTIFICATES, `${name}.key`), keyFile);
    await chmod(keyFile, 0o600);
    await copyFile(join(CERTIFICATES, `${name}.pem`), certificateFile);
  };
  await replaceCertificate('server');
  const logging = { ...CONFIG_DEFAULTS.logging, file: join(dataDirectory, 'server.log') };
  const https = { certificateFile, keyFile };
  const server = await createServer(
    testConfig(dataDirectory, { embedded: false, https, logging, ...overrides }),
  );
  await server.listen();
  const port = Number(new URL(server.url).port);
  const caFile = join(CERTIFICATES, 'ca.pem');
  const ca = await readFile(caFile, 'utf8');
  return {
    server,
    url: server.url,
    port,
    password: server.adminPassword ?? '',
    ca,
    caFile,
    dataDirectory,
    replaceCertificate,
    async request(method, path, headers = {}, body) {
      const outgoing = request(new URL(path, server.url), { method, headers, ca, agent: false });
      outgoing.end(body);
      const incoming = await new Promise<IncomingMessage>((done, fail) => {
        outgoing.once('response', done).once('error', fail);
      });
      const { statusCode = 0 } = incoming;
      return { status: statusCode, headers: incoming.headers, text: await text(incoming) };
    },
    subject: (host = '127.0.0.1') => subjectAt(host, port),
    async close() {
      await server.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

function subjectAt(host: string, port: number): Promise<string> {
  return new Promise((done, fail) => {
    // It is looked at, whoever has signed it.
    const socket = connect({ port, host, rejectUnauthorized: false }, () => {
      const certificate: PeerCertificate = socket.getPeerCertificate();
      socket.end();
      done(certificate.subjectaltname ?? '');
    });
    socket.once('error', fail);
  });
}
