import { afterEach, describe, expect, it } from 'vitest';
import {
  BadRequestError,
  ClientError,
  ConflictError,
  type Credentials,
  ForbiddenError,
  LoginFailedError,
  NotAnRServerError,
  NotFoundError,
  RequestTimeoutError,
  RServerClient,
  ServerBusyError,
  ServerFaultError,
  ServerUnreachableError,
  SessionGoneError,
  UnexpectedAnswerError,
} from '../../../src/client/index.js';
import { type Script, ScriptedServer, type SeenRequest } from './scripted-server.js';

const PASSWORD = 'Secret-1';
const admin: Credentials = { kind: 'password', username: 'admin', password: PASSWORD };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function pair(access: string, life = 3600): Script {
  const expires_on = Math.floor(Date.now() / 1000) + life;
  const tokens = {
    access_token: access,
    expires_in: life,
    expires_on,
    refresh_token: `r-${access}`,
  };
  return { body: { token_type: 'Bearer', ...tokens } };
}

/** A server that hands out token-1, token-2, … and answers other routes by `answer`. */
async function connect(
  answer: (request: SeenRequest) => Script,
  options: { life?: number; timeout?: number } = {},
) {
  let logins = 0;
  const server = await ScriptedServer.start((request) => {
    if (!request.path.startsWith('/login')) return answer(request);
    logins += 1;
    return pair(`token-${logins}`, options.life);
  });
  const client = new RServerClient({ url: `${server.url}/`, credentials: admin }, options);
  open.push(client, server);
  return { server, client };
}

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

describe('tokens', () => {
  it('logs in once for calls that are made together', async () => {
    const { server, client } = await connect(() => ({ body: [] }));
    await Promise.all([client.sessions.list(), client.snapshots.list(), client.services.list()]);
    expect(server.seen.filter(({ path }) => path === '/login')).toHaveLength(1);
    expect(server.seen.at(-1)?.authorization).toBe('Bearer token-1');
  });

  it('renews a token before it expires, with the refresh token', async () => {
    const { server, client } = await connect(() => ({ body: [] }), { life: 0 });
    await client.sessions.list();
    await client.sessions.list();
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/login',
      '/sessions',
      '/login/refreshToken',
      '/sessions',
    ]);
    expect(server.seen[2]?.body).toBe('{"refreshToken":"r-token-1"}');
  });

  it('repeats a request once with a new token after a 401', async () => {
    const { server, client } = await connect(({ authorization }) =>
      authorization === 'Bearer token-2' ? { body: [] } : { status: 401, body: {} },
    );
    await expect(client.sessions.list()).resolves.toEqual([]);
    expect(server.seen.filter(({ path }) => path === '/sessions')).toHaveLength(2);
  });

  it('gives up when the new token is refused too', async () => {
    const { server, client } = await connect(() => ({ status: 401, body: { message: 'No.' } }));
    expect(await failure(client.sessions.list())).toBeInstanceOf(LoginFailedError);
    expect(server.seen.filter(({ path }) => path === '/sessions')).toHaveLength(2);
  });

  it('logs in again when the refresh token is refused', async () => {
    let logins = 0;
    const server = await ScriptedServer.start(({ path }) => {
      if (path === '/login/refreshToken') return { status: 401, body: { message: 'Expired.' } };
      if (path !== '/login') return { body: [] };
      logins += 1;
      return pair(`token-${logins}`, 0);
    });
    const client = new RServerClient({ url: server.url, credentials: admin });
    open.push(client, server);
    await client.sessions.list();
    await client.sessions.list();
    expect(server.seen.at(-1)?.authorization).toBe('Bearer token-2');
  });

  it('says that a given token has expired', async () => {
    const server = await ScriptedServer.start(() => ({ status: 401, body: {} }));
    const client = new RServerClient({
      url: server.url,
      credentials: { kind: 'token', token: 'abc' },
    });
    open.push(client, server);
    expect((await failure(client.sessions.list())).message).toContain('has expired');
  });

  it('keeps tokens and passwords out of addresses and errors', async () => {
    const { server, client } = await connect(() => ({ status: 500, body: '' }));
    const error = await failure(client.sessions.list());
    expect(error.message).not.toMatch(/token-1|Secret/);
    expect(server.seen.map(({ path }) => path).join()).not.toMatch(/token-1|Secret/);
  });
});

describe('failures', () => {
  const cases: [number, new (...args: never[]) => ClientError][] = [
    [400, BadRequestError],
    [403, ForbiddenError],
    [404, NotFoundError],
    [409, ConflictError],
    [410, SessionGoneError],
    [413, BadRequestError],
    [500, ServerFaultError],
    [503, ServerBusyError],
  ];
  it.each(cases)(
    'turns status %i into a class of its own with the sentence',
    async (status, type) => {
      const body = { message: 'What happened.', link: '', exceptionType: 'CODE' };
      const { client } = await connect(() => ({ status, body }));
      const error = await failure(client.sessions.history('s'));
      expect(error).toBeInstanceOf(type);
      expect(error.message).toBe('What happened.');
      expect(error).toMatchObject({ status, exceptionType: 'CODE' });
    },
  );

  it('names what was not found where the server says nothing', async () => {
    const { client } = await connect(() => ({ status: 404 }));
    const error = await failure(client.services.get('Iris', 'V9'));
    expect(error).toMatchObject({ resource: { kind: 'service', name: 'Iris', version: 'V9' } });
    expect(error.message).toContain('service "Iris"');
  });

  it('passes on how long a busy server asks to wait', async () => {
    const headers = { 'retry-after': '7' };
    const { client } = await connect(() => ({ status: 503, headers, body: { message: 'Full.' } }));
    expect(await failure(client.services.consume('a', '1', {}))).toMatchObject({ retryAfter: 7 });
  });

  it.each([200, 404])('recognises a web page with status %i', async (status) => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const { client } = await connect(() => ({ status, headers, body: '<!doctype html><html>' }));
    expect(await failure(client.status())).toBeInstanceOf(NotAnRServerError);
  });

  it('recognises a server that logs in without a token', async () => {
    const server = await ScriptedServer.start(() => ({ body: { hello: 'world' } }));
    const client = new RServerClient({ url: server.url, credentials: admin });
    open.push(client, server);
    expect(await failure(client.accessToken())).toBeInstanceOf(NotAnRServerError);
  });

  it('says where an answer has another form', async () => {
    const { client } = await connect(() => ({ body: [{ id: 1, name: 'n', owner: 'o' }] }));
    const error = await failure(client.sessions.list());
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect(error.message).toContain('GET /sessions');
  });

  it('says that a server does not answer in time', async () => {
    const server = await ScriptedServer.start(({ path }) =>
      path === '/login' ? pair('t') : { status: 200, headers: { 'content-length': '10' } },
    );
    const client = new RServerClient({ url: server.url, credentials: admin }, { timeout: 60 });
    open.push(client, server);
    expect(await failure(client.sessions.list())).toBeInstanceOf(RequestTimeoutError);
  });

  it('says that nothing answers', async () => {
    const server = await ScriptedServer.start(() => ({}));
    await server.close();
    const client = new RServerClient({ url: server.url, credentials: admin });
    const error = await failure(client.sessions.list());
    expect(error).toBeInstanceOf(ServerUnreachableError);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it.each(['ftp://host', 'http://', 'http://a:b@host'])('refuses the address %s', (url) => {
    expect(() => new RServerClient({ url, credentials: admin })).toThrow(ClientError);
  });
});

describe('routes', () => {
  it('percent-encodes names in paths', async () => {
    const { server, client } = await connect(() => ({}));
    await client.services.delete('my model', 'v1/../2');
    expect(server.seen.at(-1)?.path).toBe('/services/my%20model/v1%2F..%2F2');
  });

  it('takes one service whether it comes alone or in a list', async () => {
    const service = {
      name: 'Iris',
      version: 'V1',
      versionPublishedBy: 'admin',
      creationTime: '2017-10-05T22:49:33',
      snapshotId: null,
      runtimeType: 'Python',
      description: null,
      operationId: 'consume',
      inputParameterDefinitions: [],
      outputParameterDefinitions: [],
      outputFileNames: [],
      myPermissionOnService: 'read/write',
    };
    for (const body of [service, [service]]) {
      const { client } = await connect(() => ({ body }));
      await expect(client.services.get('Iris', 'V1')).resolves.toEqual(service);
    }
  });

  it.each([
    ['bytes', Buffer.from('1,2\n')],
    [
      'a stream',
      async function* () {
        yield Buffer.from('1,2\n');
      },
    ],
  ])('uploads a file from %s as multipart form data', async (_kind, content) => {
    const { server, client } = await connect(() => ({ status: 201 }));
    await client.sessions.uploadFile('s', 'a "b".csv', content);
    const request = server.seen.at(-1);
    expect(request?.contentType).toMatch(/^multipart\/form-data; boundary=/);
    expect(request?.body).toContain('name="file"; filename="a %22b%22.csv"\r\n');
    expect(request?.body).toContain('\r\n\r\n1,2\n\r\n--');
  });

  it('moves to where its server is now', async () => {
    const gone = await ScriptedServer.start(() => ({}));
    await gone.close();
    const server = await ScriptedServer.start(({ path }) =>
      path === '/login' ? pair('t') : { body: [] },
    );
    const client = new RServerClient(
      { url: gone.url, credentials: admin },
      { relocate: async () => ({ url: server.url, credentials: admin }) },
    );
    open.push(client, server);
    await expect(client.sessions.list()).resolves.toEqual([]);
    expect(client.url).toBe(server.url);
  });
});
