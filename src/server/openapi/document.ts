import swagger, { type JSONObject } from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { SERVER_VERSION } from '../version.js';
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
      /** Name of a body of bytes. */
      binaryBody?: string;
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

/** Documents every route that is registered after this. Client generators take the title as the name of a class. */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  const definitions: Definitions = new Map();
  await app.register(swagger, {
    swagger: {
      info: {
        title: 'SlipwayServer',
        description: 'Runs Python in sessions and publishes it as web services.',
        version: SERVER_VERSION,
      },
      schemes: ['http', 'https'],
      consumes: ['application/json'],
      produces: ['application/json'],
      securityDefinitions: { Bearer: { type: 'apiKey', name: 'Authorization', in: 'header' } },
      tags: TAGS,
    },
    transform: ({ schema, url, route }) => ({ schema: transform(schema, route, definitions), url }),
    transformObject: (document) => {
      const source = ('swaggerObject' in document ? document.swaggerObject : {}) as SwaggerSchema;
      nameBodies(source);
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
    if (schema[part] !== undefined) {
      target[part] = toSwaggerSchema(schema[part], definitions);
    }
  }
  const { formData, binaryBody } = route.config?.document ?? {};
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
  target.response = transformResponses(schema.response, definitions);
  return target;
}

function transformResponses(responses: unknown, definitions: Definitions): SwaggerSchema {
  const target: SwaggerSchema = {};
  for (const [status, response] of Object.entries((responses ?? {}) as SwaggerSchema)) {
    const description = (response as SwaggerSchema).description;
    target[status] = {
      ...toSwaggerSchema(response, definitions),
      'x-response-description':
        description ?? (status === 'default' ? 'The request failed.' : 'Success.'),
    };
  }
  return target;
}

/**
 * Names each body after its definition, as R Server does (`loginRequest`, `publishRequest`):
 * generated clients show the name.
 */
function nameBodies(document: SwaggerSchema): void {
  const methods = Object.values((document.paths ?? {}) as SwaggerSchema).flatMap((path) =>
    Object.values(path as SwaggerSchema),
  );
  for (const method of methods as { parameters?: SwaggerSchema[] }[]) {
    for (const parameter of method.parameters ?? []) {
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
