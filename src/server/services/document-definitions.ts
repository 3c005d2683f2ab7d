import { type ParameterDefinition, resolveParameterType } from '../../api/index.js';
import type { ServiceRecord } from '../store/index.js';

/** A part of a Swagger 2.0 document. */
export type SwaggerNode = { readonly [key: string]: unknown };

/** What a part of the document refers to by its name among the definitions. */
export function reference(definition: string): SwaggerNode {
  return { $ref: `#/definitions/${definition}` };
}

/** The types that the document of a service names: its parameters, its answer, batches, tokens. */
export function documentDefinitions({
  inputs,
  outputs,
  outputFileNames,
}: ServiceRecord): SwaggerNode {
  const int32 = { type: 'integer', format: 'int32' };
  const string = { type: 'string' };
  return {
    InputParameters: object(parameterProperties(inputs)),
    OutputParameters: object(parameterProperties(outputs)),
    Error: object({ code: int32, message: string, fields: string }),
    WebServiceResult: object({
      success: {
        type: 'boolean',
        description: 'Boolean flag indicating the success status of web service execution.',
      },
      errorMessage: {
        type: 'string',
        description: 'Error messages if any occurred during the web service execution.',
      },
      consoleOutput: {
        type: 'string',
        description: 'Console output from the web service execution.',
      },
      changedFiles: {
        type: 'array',
        items: {
          type: 'string',
          description: 'The filename of a modified file during the web service execution.',
        },
        description: 'The filenames of the files modified during the web service execution.',
      },
      ...(outputFileNames.length === 0
        ? {}
        : {
            outputFiles: {
              type: 'object',
              additionalProperties: { type: 'string', format: 'byte' },
            },
          }),
      outputParameters: reference('OutputParameters'),
    }),
    StartBatchExecutionResponse: object({
      batchExecutionId: { type: 'string', description: 'Id of the asynchronous execution.' },
    }),
    BatchWebServiceResult: object({
      state: {
        type: 'string',
        enum: ['pending', 'inProgress', 'ready', 'complete'],
        description:
          'State of the execution. Can be of the following values:\n - Pending: The batch execution was submitted but is not yet scheduled.\nReady: The batch execution was submitted and can be executed.\nInProgress: The batch execution is currently being processed.\nComplete: The batch execution has been completed.',
      },
      completedItemCount: {
        ...int32,
        description: 'Number of completed items in this batch operation.',
      },
      totalItemCount: { ...int32, description: 'Number of total items in this batch operation.' },
      batchExecutionResults: {
        type: 'array',
        items: reference('WebServiceResult'),
        description: 'The responses of the individual executions.',
      },
    }),
    LoginRequest: object({
      username: { type: 'string', description: 'The name of the user.' },
      password: { type: 'string', description: 'The password of the user.' },
    }),
    RenewTokenRequest: object({
      refreshToken: { type: 'string', description: 'A currently valid refresh token.' },
    }),
    AccessTokenResponse: object({
      token_type: string,
      access_token: string,
      expires_on: string,
      refresh_token: string,
    }),
  };
}

function object(properties: SwaggerNode): SwaggerNode {
  return { type: 'object', properties };
}

function parameterProperties(parameters: readonly ParameterDefinition[]): SwaggerNode {
  return Object.fromEntries(
    parameters.map(({ name, type }) => [name, { type: swaggerType(type), description: type }]),
  );
}

/** Containers are objects to client generators, whose classes then take any JSON. */
function swaggerType(type: string): string {
  switch (resolveParameterType(type)) {
    case 'integer':
      return 'integer';
    case 'numeric':
      return 'number';
    case 'character':
      return 'string';
    case 'logical':
      return 'boolean';
    default:
      return 'object';
  }
}
