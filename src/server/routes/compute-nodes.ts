import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  ErrorResponse,
  GetComputeNodesResponse,
  UpdateComputeNodesRequest,
} from '../../api/index.js';
import { ApiError } from '../errors.js';
import { ownAddress } from '../own-address.js';

const tags = ['Centralized Configuration APIs'];
const emptyAnswer = Type.Unsafe<string>({ type: 'null', description: 'The list is as asked for.' });

/** Thrown for a change of the compute nodes by a user without the role Owner. */
class ComputeNodesForbiddenError extends ApiError {
  readonly statusCode = 403;
  readonly code = 'COMPUTE_NODES_FORBIDDEN';
  override readonly name = 'ComputeNodesForbiddenError';

  constructor(user: string) {
    super(`${user} has not the role Owner, which the list of compute nodes needs. Ask an Owner.`);
  }
}

/** Thrown for a list of compute nodes that is not this server alone. */
class ComputeNodesFixedError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'COMPUTE_NODES_FIXED';
  override readonly name = 'ComputeNodesFixedError';

  constructor(own: string) {
    super(
      `This server runs all code on its own machine: ${own} is its one compute node, which cannot be removed, and others cannot be added. Nothing was changed. For more power at once give it a larger machine, and services more workers (POST /services/{name}/{version}/pool).`,
    );
  }
}

/** The compute nodes of R Server since 9.3. This server is its own and only one. */
export async function computeNodeRoutes(plain: FastifyInstance): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.route({
    method: 'GET',
    url: '/computenodes',
    schema: {
      operationId: 'getComputeNodes',
      tags,
      summary: 'Lists the addresses of the machines that run code: this server alone.',
      response: { 200: GetComputeNodesResponse, default: ErrorResponse },
    },
    handler: (request) => Promise.resolve({ computeNodes: [ownAddress(request)] }),
  });

  for (const { method, operationId, summary, isAsItIs } of CHANGES) {
    app.route({
      method,
      url: '/computenodes',
      config: { document: { bodyName: 'entries', failures: [403] } },
      schema: {
        operationId,
        tags,
        summary,
        body: UpdateComputeNodesRequest,
        response: { 200: emptyAnswer, default: ErrorResponse },
      },
      handler: async (request, reply) => {
        assertOwner(request);
        const own = ownAddress(request);
        const entries = new Set(request.body.entries.map(withoutSlash));
        if (!isAsItIs(entries, own)) throw new ComputeNodesFixedError(own);
        return reply.send('');
      },
    });
  }
}

/** The changes that can be asked for, each with what leaves the list as it is. */
const CHANGES: readonly {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly operationId: string;
  readonly summary: string;
  isAsItIs(entries: ReadonlySet<string>, own: string): boolean;
}[] = [
  {
    method: 'POST',
    operationId: 'setComputeNodes',
    summary: 'Sets the list of compute nodes, which can only be this server.',
    isAsItIs: (entries, own) => entries.size === 1 && entries.has(own),
  },
  {
    method: 'PUT',
    operationId: 'addComputeNode',
    summary: 'Adds compute nodes: only this server, which is there already.',
    isAsItIs: (entries, own) => [...entries].every((entry) => entry === own),
  },
  {
    method: 'DELETE',
    operationId: 'removeComputeNode',
    summary: 'Removes compute nodes: none can be, since there is only this server.',
    isAsItIs: (entries, own) => !entries.has(own),
  },
];

function assertOwner({ user }: FastifyRequest): void {
  if (user.role !== 'Owner') throw new ComputeNodesForbiddenError(user.name);
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '').toLowerCase();
}
