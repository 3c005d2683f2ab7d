import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import {
  AccessTokenResponse,
  ErrorResponse,
  LoginRequest,
  RenewTokenRequest,
} from '../../api/index.js';
import type { ServerContext } from '../context.js';

const tags = ['Authentication APIs'];
const RefreshToken = Type.String({ description: 'A refresh token that is still valid.' });

/** The body that a revocation is answered with: R Server's schema wants one, but there is none. */
const NO_TOKENS: AccessTokenResponse = {
  token_type: null,
  access_token: null,
  expires_in: null,
  expires_on: null,
  refresh_token: null,
};

/** Login, and renewal and revocation of tokens. */
export async function authRoutes(plain: FastifyInstance, context: ServerContext): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { auth } = context;
  const config = { public: true, singleQuotes: true };
  const response = { 200: AccessTokenResponse, default: ErrorResponse };

  app.route({
    method: 'POST',
    url: '/login',
    config: { ...config, document: { failures: [403, 429, 503] } },
    schema: {
      operationId: 'login',
      tags,
      summary: 'Logs in and gives an access token and a refresh token.',
      body: LoginRequest,
      response,
    },
    handler: async (request) => {
      const { username, password } = request.body;
      const { user, tokens } = await auth.login(username, password, request.ip);
      if (request.audit) request.audit.user = user;
      return tokens;
    },
  });

  app.route({
    method: 'POST',
    url: '/login/refreshToken',
    config: { ...config, document: { failures: [403] } },
    schema: {
      operationId: 'renewToken',
      tags,
      summary: 'Gives a new pair of tokens for a refresh token; the old pair ends.',
      body: RenewTokenRequest,
      response,
    },
    handler: async (request) => {
      const { user, tokens } = await auth.renew(request.body.refreshToken);
      if (request.audit) request.audit.user = user;
      return tokens;
    },
  });

  app.route({
    method: 'DELETE',
    url: '/login/refreshToken',
    schema: {
      operationId: 'revokeRefreshToken',
      tags,
      summary: 'Ends the login that a refresh token belongs to.',
      querystring: Type.Object({ refreshToken: RefreshToken }),
      response,
    },
    handler: async (request) => {
      await auth.revoke(request.query.refreshToken);
      return NO_TOKENS;
    },
  });

  // Clients generated from documents of version 9.0 put the token into the path. A wildcard,
  // because it may hold slashes that were not encoded.
  plain.route<{ Params: { '*': string } }>({
    method: 'DELETE',
    url: '/login/refreshToken/*',
    schema: { hide: true },
    handler: async (request) => {
      await auth.revoke(request.params['*']);
      return NO_TOKENS;
    },
  });
}
