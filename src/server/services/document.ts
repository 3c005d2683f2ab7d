import { type ParameterDefinition, resolveParameterType } from '../../api/index.js';
import type { ServiceRecord } from '../store/index.js';

/** A part of a Swagger 2.0 document. */
export type SwaggerNode = { readonly [key: string]: unknown };

/** The name of the operation where the publisher gave none. */
const DEFAULT_OPERATION = 'ConsumeWebService';

const JSON_MEDIA = ['application/json'];
const SECURITY = [{ Bearer: [] }];

/**
 * The Swagger document of one version of a service: how to log in, to call it and to run it in
 * batches. Its structure and the order of its keys are those that R Server generated, because
 * client generators were run on those.
 */
export function serviceDocument(record: ServiceRecord): SwaggerNode {
  const { name, version } = record;
  const description = record.description ?? '';
  return {
    swagger: '2.0',
    info: { description, title: name, version },
    schemes: ['http', 'https'],
    securityDefinitions: { Bearer: { type: 'apiKey', name: 'Authorization', in: 'header' } },
    tags: [{ name, description: '' }],
    consumes: JSON_MEDIA,
    produces: JSON_MEDIA,
    paths: {
      ...loginPaths(),
      [`/api/${name}/${version}`]: { post: consumeOperation(record) },
      ...batchPaths(name, `/api/${name}/${version}/batch`),
    },
    definitions: definitions(record),
  };
}

function loginPaths(): SwaggerNode {
  return {
    '/login': {
      post: userOperation(
        'login',
        'Logs the user in',
        bodyParameter('loginRequest', reference('LoginRequest')),
        'Login successful',
        'Invalid Password',
      ),
    },
    '/login/refreshToken': {
      post: userOperation(
        'renewToken',
        'The user renews access token and refresh token',
        bodyParameter('renewTokenRequest', reference('RenewTokenRequest')),
        'Access token and refresh token updated successfully',
        'Invalid or expired refresh token',
      ),
      delete: userOperation(
        'revokeRefreshToken',
        'The user revokes a refresh token',
        {
          name: 'refreshToken',
          in: 'query',
          description: 'The refresh token to be revoked',
          required: true,
          type: 'string',
        },
        'Refresh token updated successfully',
        'Invalid or expired refresh token',
      ),
    },
  };
}

function userOperation(
  operationId: string,
  summary: string,
  parameter: SwaggerNode,
  success: string,
  unauthorized: string,
): SwaggerNode {
  return {
    operationId,
    summary,
    parameters: [parameter],
    tags: ['User'],
    responses: {
      '200': { description: success, schema: reference('AccessTokenResponse') },
      default: {
        description: `Error \n * 401 - ${unauthorized}`,
        schema: reference('Error'),
      },
    },
  };
}

function consumeOperation({ name, operationId }: ServiceRecord): SwaggerNode {
  return {
    security: SECURITY,
    tags: [name],
    description: `Consume the ${name} web service.`,
    operationId: operationId === '' ? DEFAULT_OPERATION : operationId,
    parameters: [
      bodyParameter(
        'WebServiceParameters',
        reference('InputParameters'),
        'Input parameters to the web service.',
      ),
    ],
    responses: callResponses('200', 'OK', 'WebServiceResult'),
  };
}

function batchPaths(name: string, base: string): SwaggerNode {
  const executionId = pathParameter('executionId', 'string', 'Execution id of the execution');
  const deletedId = pathParameter('executionId', 'string', 'Execution id of the execution.');
  const index = pathParameter('index', 'integer', 'Index of the execution in the batch.');
  const fileName = pathParameter('fileName', 'string', 'Name of the file to be returned.');
  const strings = { type: 'array', items: { type: 'string' } };
  const noService = ['404 - Web service not found'];
  const noExecution = [...noService, '404 - Execution not found'];
  const noFile = [...noExecution, '404 - File not found'];
  return {
    [base]: {
      post: startBatchOperation(name),
      get: batchOperation(
        name,
        `Gets all batch executions for ${name}.`,
        'GetBatchExecutions',
        [],
        strings,
        noService,
      ),
    },
    [`${base}/{executionId}`]: {
      get: batchOperation(
        name,
        `Gets all batch executions for ${name}.`,
        'GetBatchExecutionStatus',
        [
          executionId,
          {
            name: 'showPartialResults',
            in: 'query',
            description:
              "Returns the already processed results of the batch execution even if it hasn't been fully completed.",
            required: false,
            type: 'boolean',
          },
        ],
        reference('BatchWebServiceResult'),
        noExecution,
      ),
      delete: batchOperation(
        name,
        `Cancels and deletes all batch executions for ${name}.`,
        'CancelAndDeleteBatchExecution',
        [deletedId],
        strings,
        noExecution,
      ),
    },
    [`${base}/{executionId}/{index}/files`]: {
      get: batchOperation(
        name,
        `Gets all files from an individual execution in ${name}.`,
        'GetBatchExecutionFiles',
        [executionId, index],
        strings,
        noExecution,
      ),
    },
    [`${base}/{executionId}/{index}/files/{fileName}`]: {
      get: batchOperation(
        name,
        `Gets a specific file from an execution in ${name}.`,
        'GetBatchExecutionFile',
        [executionId, index, fileName],
        { type: 'file' },
        noFile,
      ),
    },
  };
}

function startBatchOperation(name: string): SwaggerNode {
  return {
    security: SECURITY,
    tags: [name],
    description: `Consume the ${name} web service asynchronously.`,
    operationId: 'StartBatchExecution',
    parameters: [
      bodyParameter(
        'BatchWebServiceParameters',
        { type: 'array', items: reference('InputParameters') },
        'Input parameters to the web service.',
      ),
      {
        name: 'parallelCount',
        in: 'query',
        description:
          'Number of threads used to process entries in the batch. Default value is 10. Please make sure not to use too high of a number because it might negatively impact performance.',
        required: false,
        type: 'integer',
        format: 'int32',
      },
    ],
    responses: callResponses('202', 'Accepted', 'StartBatchExecutionResponse'),
  };
}

function batchOperation(
  name: string,
  summary: string,
  operationId: string,
  parameters: readonly SwaggerNode[],
  result: SwaggerNode,
  failures: readonly string[],
): SwaggerNode {
  const listed = [...failures, '400 - Bad request'].map((failure) => ` \n * ${failure}`).join('');
  return {
    security: SECURITY,
    tags: [name],
    summary,
    operationId,
    consumes: JSON_MEDIA,
    produces: JSON_MEDIA,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: {
      '200': { description: 'OK', schema: result },
      default: { description: `Error${listed}`, schema: reference('Error') },
    },
  };
}

function callResponses(status: string, description: string, result: string): SwaggerNode {
  return {
    [status]: { description, schema: reference(result) },
    '400': { description: 'Bad Request.' },
    '500': { description: 'Internal Server Error.' },
    default: { description: 'Unexpected error.', schema: reference('Error') },
  };
}

function bodyParameter(name: string, schema: SwaggerNode, description?: string): SwaggerNode {
  return {
    name,
    in: 'body',
    required: true,
    ...(description === undefined ? {} : { description }),
    schema,
  };
}

function pathParameter(name: string, type: string, description: string): SwaggerNode {
  return { name, in: 'path', description, required: true, type };
}

function reference(definition: string): SwaggerNode {
  return { $ref: `#/definitions/${definition}` };
}

function definitions({ inputs, outputs, outputFileNames }: ServiceRecord): SwaggerNode {
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
