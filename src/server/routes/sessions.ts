import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  ConsoleOutputResponse,
  CreateSessionRequest,
  CreateSessionResponse,
  CreateSnapshotRequest,
  CreateSnapshotResponse,
  ErrorResponse,
  ExecuteRequest,
  ExecuteResponse,
  PlainSnapshotRequest,
  PlainSnapshotResponse,
  Session,
} from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { type LiveSession, snapshotContents } from '../sessions/index.js';
import { sendJson, sendString } from './send-json.js';
import { sessionFileRoutes } from './session-files.js';
import { workspaceRoutes } from './session-workspace.js';

const tags = ['Session APIs'];
const NO_BODY = Buffer.alloc(0);
const snapshotTags = ['Snapshot APIs'];
const params = Type.Object({ id: Type.String({ description: 'Id of the session.' }) });

/** Create, use and end sessions; their files and objects have modules of their own. */
export async function sessionRoutes(plain: FastifyInstance, context: ServerContext): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { config, sessions, snapshots } = context;
  const isPlain = config.api !== 'slipway';
  const find = (request: FastifyRequest<{ Params: { id: string } }>): LiveSession =>
    sessions.find(request.user, request.params.id);

  app.route({
    method: 'POST',
    url: '/sessions',
    config: { document: { failures: [404, 503] } },
    schema: {
      operationId: 'createSession',
      tags,
      summary: 'Creates a session.',
      description:
        'Without a runtimeType the session would be one of R, which this server does not have: send "Python". With a snapshotId it begins with the objects and files of that snapshot of yours.',
      body: CreateSessionRequest,
      response: { 201: CreateSessionResponse, default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const session = await sessions.create(request.user, request.body);
      if (request.raw.socket.destroyed) {
        // Who asked for it is gone and will never learn its id.
        await session.remove({ force: true });
        return reply.hijack();
      }
      return reply.code(201).send({ sessionId: session.id });
    },
  });

  app.route({
    method: 'GET',
    url: '/sessions',
    schema: {
      operationId: 'listSessions',
      tags,
      summary: 'Lists your sessions, oldest first.',
      response: { 200: Type.Array(Session), default: ErrorResponse },
    },
    handler: async (request) => sessions.list(request.user),
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/execute',
    config: { keepsBody: true },
    schema: {
      operationId: 'executeCode',
      tags,
      summary: 'Runs code in a session and waits for its end.',
      description:
        'Inputs are set as variables first; outputs are read as JSON at the end. Calls run one after the other. Code that fails is a 200 with success false.',
      params,
      body: ExecuteRequest,
      response: { 200: ExecuteResponse, default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const answer = await find(request).execute(request.body, request.receivedBody ?? NO_BODY);
      return sendJson(reply, answer);
    },
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/cancel',
    schema: {
      operationId: 'cancelSession',
      tags,
      summary: 'Interrupts the code that runs in a session. The session lives on.',
      params,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => sendString(reply, await find(request).cancel()),
  });

  app.route({
    method: 'DELETE',
    url: '/sessions/:id',
    schema: {
      operationId: 'closeSession',
      tags,
      summary: 'Closes a session and frees what it holds.',
      params,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const session = find(request);
      await session.remove({ force: false });
      return sendString(reply, session.id);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/sessions/:id/force',
    schema: {
      operationId: 'closeSessionByForce',
      tags,
      summary: 'Kills a session, whatever it is doing.',
      params,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const session = find(request);
      await session.remove({ force: true });
      return sendString(reply, session.id);
    },
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/console-output',
    schema: {
      operationId: 'getSessionConsoleOutput',
      tags,
      summary: 'Tells what the code that runs, or ran last, has printed so far.',
      params,
      response: { 200: ConsoleOutputResponse, default: ErrorResponse },
    },
    handler: async (request) => ({ consoleOutput: find(request).consoleOutput() }),
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/history',
    schema: {
      operationId: 'listSessionHistory',
      tags,
      summary: 'Lists the source of everything that the session has run, oldest first.',
      params,
      response: { 200: Type.Array(Type.String()), default: ErrorResponse },
    },
    handler: async (request) => find(request).history(),
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/snapshot',
    schema: {
      operationId: 'CreateSnapshot',
      tags: snapshotTags,
      summary: 'Saves the objects and files of a session as a snapshot.',
      description: isPlain
        ? 'An object that cannot be saved is left out.'
        : 'An object that cannot be saved is left out; "contents" in the answer says which and why.',
      params,
      body: isPlain ? PlainSnapshotRequest : CreateSnapshotRequest,
      response: {
        201: isPlain ? PlainSnapshotResponse : CreateSnapshotResponse,
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      // R Server does not know the other fields, and ignores what it does not know.
      const selection = isPlain ? { name: request.body.name ?? null } : request.body;
      const { id: snapshotId, manifest } = await find(request).snapshot(selection);
      const contents = isPlain ? {} : { contents: snapshotContents(manifest) };
      return reply.code(201).send({ snapshotId, ...contents });
    },
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/loadsnapshot/:snapshotId',
    schema: {
      operationId: 'LoadSnapshot',
      tags: snapshotTags,
      summary: 'Merges a snapshot into a session; files of the same name are overwritten.',
      params: Type.Object({
        ...params.properties,
        snapshotId: Type.String({ description: 'Id or name of a snapshot of yours.' }),
      }),
      response: {
        200: Type.Unsafe<string>({ type: 'null', description: 'Loaded.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      const session = find(request);
      await session.loadSnapshot(
        await snapshots.find(request.user.name, request.params.snapshotId),
      );
      return reply.send('');
    },
  });

  await app.register((scope) => sessionFileRoutes(scope, context));
  await app.register((scope) => workspaceRoutes(scope, context));
}
