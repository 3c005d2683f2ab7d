import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { CreateSessionRequest, StatusResponse, WebService } from '../../../src/api/index.js';
import {
  type Definitions,
  restoreReferences,
  toSwaggerSchema,
} from '../../../src/server/openapi/swagger-schema.js';

function translate(schema: unknown) {
  const definitions: Definitions = new Map();
  const result = restoreReferences(toSwaggerSchema(schema, definitions));
  return { result, definitions: Object.fromEntries(definitions) };
}

describe('a schema in Swagger 2.0', () => {
  it('becomes a definition when it has an id', () => {
    const { result, definitions } = translate(CreateSessionRequest);
    expect(result).toEqual({ $ref: '#/definitions/CreateSessionRequest' });
    expect(definitions.CreateSessionRequest).not.toHaveProperty('$id');
  });

  it('says of a field that it may be null', () => {
    expect(translate(Type.Union([Type.String(), Type.Null()])).result).toEqual({
      type: 'string',
      'x-nullable': true,
    });
  });

  it('makes an enumeration of alternative constants', () => {
    const { definitions } = translate(CreateSessionRequest);
    expect(definitions.CreateSessionRequest).toMatchObject({
      properties: { runtimeType: { type: 'string', enum: ['R', 'Python'], 'x-nullable': true } },
    });
  });

  it('makes one enumeration of nested alternatives, with the name of the outer one', () => {
    const { definitions } = translate(WebService);
    expect(definitions.WebService).toMatchObject({
      properties: {
        runtimeType: {
          type: 'string',
          enum: ['R', 'Python', 'Realtime'],
          'x-ms-enum': { name: 'WebServiceRuntimeType' },
        },
      },
    });
  });

  it('keeps the name of an enumeration that may be null', () => {
    const { definitions } = translate(CreateSessionRequest);
    expect(definitions.CreateSessionRequest).toMatchObject({
      properties: { runtimeType: { 'x-ms-enum': { name: 'RuntimeType' } } },
    });
  });

  it('refers to a definition from within itself', () => {
    const { result, definitions } = translate(StatusResponse);
    expect(result).toEqual({ $ref: '#/definitions/StatusResponse' });
    expect(restoreReferences(definitions.StatusResponse)).toMatchObject({
      properties: {
        components: { additionalProperties: { $ref: '#/definitions/StatusResponse' } },
      },
    });
  });

  it('leaves open what Swagger cannot say', () => {
    expect(translate(Type.Unknown()).result).toEqual({});
    expect(translate(Type.Union([Type.String(), Type.Number()])).result).toEqual({});
  });
});
