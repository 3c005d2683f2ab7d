import Type, { type Static } from 'typebox';
import { Nullable, ParameterDefinition, RuntimeType } from './common.js';

const code = Type.String({ description: 'Code that runs for each request.' });

/** Fields in the order of R Server's document, which is that of arguments in generated clients. */
const snapshot = { snapshotId: Nullable(Type.String()) };
const details = {
  description: Nullable(Type.String()),
  operationId: Nullable(Type.String()),
  inputParameterDefinitions: Nullable(Type.Array(ParameterDefinition)),
  outputParameterDefinitions: Nullable(Type.Array(ParameterDefinition)),
  runtimeType: Nullable(RuntimeType),
  initCode: Nullable(Type.String()),
  outputFileNames: Nullable(Type.Array(Type.String())),
};

/** Body of `POST /services/{name}` and `POST /services/{name}/{version}`. */
export const PublishWebServiceRequest = Type.Object({ ...snapshot, code, ...details });
export type PublishWebServiceRequest = Static<typeof PublishWebServiceRequest>;

/**
 * Body of `PATCH /services/{name}/{version}`: what is absent or null stays, `[]` empties. Documents
 * show it for publishing too, as R Server's do: generated clients have one class for both.
 */
export const PatchWebServiceRequest = Type.Object(
  { ...snapshot, code: Nullable(code), ...details },
  { $id: 'PublishWebServiceRequest' },
);
export type PatchWebServiceRequest = Static<typeof PatchWebServiceRequest>;

/** Metadata of one version of a service. `code` and `initCode` are absent for strangers. */
export const WebService = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    versionPublishedBy: Type.String(),
    creationTime: Type.String({ description: 'ISO 8601, without a time zone.' }),
    snapshotId: Type.Union([Type.String(), Type.Null()]),
    runtimeType: Type.Union([RuntimeType, Type.Literal('Realtime')], {
      'x-ms-enum': { name: 'WebServiceRuntimeType', modelAsString: false },
    }),
    initCode: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    code: Type.Optional(Type.String()),
    description: Type.Union([Type.String(), Type.Null()]),
    operationId: Type.String(),
    inputParameterDefinitions: Type.Array(ParameterDefinition),
    outputParameterDefinitions: Type.Array(ParameterDefinition),
    outputFileNames: Type.Array(Type.String()),
    myPermissionOnService: Type.Union([Type.Literal('read/write'), Type.Literal('read only')]),
  },
  { $id: 'WebService' },
);
export type WebService = Static<typeof WebService>;

/** Answer of `POST /api/{name}/{version}`, in the order of keys of the wire. */
export const WebServiceResult = Type.Object(
  {
    success: Type.Boolean(),
    errorMessage: Type.String(),
    outputParameters: Type.Record(Type.String(), Type.Unknown()),
    outputFiles: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
    consoleOutput: Type.String(),
    changedFiles: Type.Array(Type.String()),
  },
  { $id: 'WebServiceResult' },
);
export type WebServiceResult = Static<typeof WebServiceResult>;
