import type { PublishWebServiceRequest } from '../../../src/api/index.js';
import { CONFIG_DEFAULTS } from '../../../src/server/index.js';
import {
  type Answer,
  type RequestOptions,
  startTestServer,
  type TestServer,
} from '../../support/server.js';
import { publish } from '../../support/services.js';

/** A server with something of each kind on it, for requests of every outcome. */
export interface World {
  readonly server: TestServer;
  /** Access tokens of users by what they may do; the administrator's is the server's. */
  readonly owner: string;
  readonly stranger: string;
  readonly reader: string;
  /** Path of a session of the administrator that lives. */
  readonly session: string;
  /** Path of one that has ended. */
  readonly gone: string;
  /** Id of a snapshot of the administrator. */
  readonly snapshotId: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Creates a session. @returns its path */
  newSession(): Promise<string>;
  /** A version that no service has. */
  newVersion(): string;
  /** Publishes {@link DOUBLE} under a name of its own. @returns `name/version` */
  newService(): Promise<string>;
  close(): Promise<void>;
}

/** A service that anybody can check by head. */
export const DOUBLE: PublishWebServiceRequest = {
  code: 'y = 2 * x',
  runtimeType: 'Python',
  inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
  outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
};

/** An id that nothing has. */
export const NOTHING = '00000000-0000-4000-8000-000000000000';

/** Starts the server of the table: one worker per service, so that it is soon busy. */
export async function openWorld(): Promise<World> {
  const server = await startTestServer({
    serviceWorkers: 1,
    serviceQueue: 1,
    batch: { ...CONFIG_DEFAULTS.batch, maxRows: 100 },
  });
  const { request } = server;
  let versions = 0;
  const newVersion = () => {
    versions += 1;
    return `v${versions}.0`;
  };

  const newSession = async () => {
    const created = await request('POST', '/sessions', { json: { runtimeType: 'Python' } });
    return `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
  };
  const withRole = async (name: string, role: 'Owner' | 'Reader') => {
    const password = `${name} has a password`;
    await server.server.context.auth.accounts.setPassword(name, password, role);
    return server.login(name, password);
  };

  const [session, gone] = await Promise.all([newSession(), newSession()]);
  const execute = { json: { code: "x = 1\nopen('data.csv', 'w').write('1')" } };
  await request('POST', `${session}/execute`, execute);
  const saved = await request('POST', `${session}/snapshot`, { json: { name: 'table' } });
  await request('DELETE', `${gone}/force`);
  await publish(server, 'Table/1', DOUBLE);
  return {
    server,
    owner: await withRole('owner', 'Owner'),
    stranger: await server.addUser('stranger'),
    reader: await withRole('reader', 'Reader'),
    session,
    gone,
    snapshotId: saved.json<{ snapshotId: string }>().snapshotId,
    request,
    newSession,
    newVersion,
    async newService() {
      const path = `Other/${newVersion()}`;
      await publish(server, path, DOUBLE);
      return path;
    },
    close: () => server.close(),
  };
}
