import Type, { type Static } from 'typebox';

/** Health of the server or of one of its components; components nest. */
export const StatusResponse = Type.Cyclic(
  {
    StatusResponse: Type.Object({
      statusCode: Type.Union([Type.Literal('pass'), Type.Literal('warn'), Type.Literal('fail')]),
      components: Type.Union([Type.Record(Type.String(), Type.Ref('StatusResponse')), Type.Null()]),
      details: Type.Record(Type.String(), Type.Unknown()),
    }),
  },
  'StatusResponse',
);
export type StatusResponse = Static<typeof StatusResponse>;
