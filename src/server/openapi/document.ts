import swagger, { type JSONObject } from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import type { TSchema } from 'typebox';
import type { ApiLevel } from '../config.js';
import { SERVER_VERSION } from '../version.js';
import { describeFailures } from './failures.js';
import {
  type Definitions,
  REFERENCE,
  restoreReferences,
  type SwaggerSchema,
  toSwaggerSchema,
} from './swagger-schema.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Parts of the route that fastify does not validate but that its document tells. */
    document?: {
      /** Parts of a multipart form. */
      formData?: Readonly<
        Record<string, { type: 'file' | 'string'; description: string; required?: boolean }>
      >;
      /** Body as the document shows it, where that is wider than what is checked. */
      body?: TSchema;
      /** Name of the body, where it is not that of its definition. */
      bodyName?: string;
      /** Name of a body of bytes. */
      binaryBody?: string;
      /** Statuses of failures beside those that every route with its parameters can have. */
      failures?: readonly number[];
    };
  }
}

const TAGS = [
  { name: 'Authentication APIs', description: 'Log in, and renew and revoke tokens.' },
  { name: 'Services Management APIs', description: 'Publish, list, update and delete services.' },
  { name: 'Service Consumption APIs', description: 'Describe and call published services.' },
  { name: 'Session APIs', description: 'Run code in sessions, and reach their objects and files.' },
  { name: 'Snapshot APIs', description: 'Save sessions and load them again.' },
  { name: 'Status APIs', description: 'The health of the server.' },
];

const TAGS_OF_9_3 = [
  { name: 'Centralized Configuration APIs', description: 'The machines that run code.' },
];

/**
 * Name and version of each API's document. Client generators take the title as the name of a class,
 * so that programs written for a client of R Server find theirs again.
 */
const TITLES: Readonly<Record<ApiLevel, { title: string; version: string }>> = {
  slipway: { title: 'SlipwayServer', version: SERVER_VERSION },
  '9.1': { title: 'MRSServer', version: '9.1.0' },
  '9.3': { title: 'MRSServer', version: '9.3.0' },
};

/** Documents every route that is registered after this. */
export async function documentRoutes(app: FastifyInstance, api: ApiLevel): Promise<void> {
  const definitions: Definitions = new Map();
  await app.register(swagger, {
    swagger: {
      info: {
        ...TITLES[api],
        description: 'Runs Python in sessions and publishes it as web services.',
      },
      schemes: ['http', 'https'],
      consumes: ['application/json'],
      produces: ['application/json'],
      securityDefinitions: { Bearer: { type: 'apiKey', name: 'Authorization', in: 'header' } },
      tags: api === '9.1' ? TAGS : [...TAGS, ...TAGS_OF_9_3],
    },
    transform: ({ schema, url, route }) => ({ schema: transform(schema, route, definitions), url }),
    transformObject: (document) => {
      const source = ('swaggerObject' in document ? document.swaggerObject : {}) as SwaggerSchema;
      arrangeParameters(source);
      return restoreReferences({
        ...source,
        definitions: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
      }) as JSONObject;
    },
  });
}

/** The schema of one route in the terms of Swagger 2.0. */
function transform(
  schema: FastifySchema | undefined,
  route: RouteOptions,
  definitions: Definitions,
): FastifySchema {
  if (schema === undefined || schema.hide === true) {
    return { hide: true };
  }
  const target: FastifySchema = { ...schema };
  for (const part of ['body', 'params', 'querystring'] as const) {
    if (
      schema[part] !== undefined &&
      (part !== 'body' || route.config?.document?.body === undefined)
    ) {
      target[part] = toSwaggerSchema(schema[part], definitions);
    }
  }
  const { formData, body, bodyName, binaryBody } = route.config?.document ?? {};
  if (body !== undefined) target.body = toSwaggerSchema(body, definitions);
  if (bodyName !== undefined) target.body = { ...(target.body as object), 'x-name': bodyName };
  if (formData !== undefined) {
    target.consumes = ['multipart/form-data'];
    target.body = {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(formData).map(([name, { required: _, ...field }]) => [name, field]),
      ),
      required: Object.keys(formData).filter((name) => formData[name]?.required === true),
    };
  }
  if (binaryBody !== undefined) {
    target.consumes = ['application/octet-stream'];
    target.body = { type: 'string', format: 'binary', 'x-name': binaryBody };
  }
  if (route.config?.public !== true) {
    target.security = [{ Bearer: [] }];
  }
  target.response = transformResponses(schema.response, describeFailures(route), definitions);
  return target;
}

function transformResponses(
  responses: unknown,
  failures: string,
  definitions: Definitions,
): SwaggerSchema {
  const target: SwaggerSchema = {};
  for (const [status, response] of Object.entries((responses ?? {}) as SwaggerSchema)) {
    const description = (response as SwaggerSchema).description;
    target[status] = {
      ...toSwaggerSchema(response, definitions),
      'x-response-description': description ?? (status === 'default' ? failures : 'Success.'),
    };
  }
  return target;
}

/**
 * Puts parameters of the path first, and names each body after its definition, as R Server does
 * (`loginRequest`, `publishRequest`): they are the arguments of generated clients, in this order.
 */
function arrangeParameters(document: SwaggerSchema): void {
  const methods = Object.values((document.paths ?? {}) as SwaggerSchema).flatMap((path) =>
    Object.values(path as SwaggerSchema),
  );
  for (const method of methods as { parameters?: SwaggerSchema[] }[]) {
    const parameters = method.parameters ?? [];
    parameters.sort((one, other) => Number(other.in === 'path') - Number(one.in === 'path'));
    for (const parameter of parameters) {
      if (parameter.in === 'body') {
        const { 'x-name': given, ...schema } = parameter.schema as SwaggerSchema;
        const reference = schema[REFERENCE];
        parameter.schema = schema;
        parameter.required = true;
        if (typeof given === 'string') {
          parameter.name = given;
        } else if (typeof reference === 'string') {
          const short = reference.replace('WebService', '');
          parameter.name = short.charAt(0).toLowerCase() + short.slice(1);
        }
      }
      if (parameter.description === undefined) {
        delete parameter.description;
      }
    }
  }
}
