import type { ServiceRecord } from '../store/index.js';
import { documentDefinitions, reference, type SwaggerNode } from './document-definitions.js';

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
  const path = `/api/${pathPart(name)}/${pathPart(version)}`;
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
      [path]: { post: consumeOperation(record) },
      ...batchPaths(name, `${path}/batch`),
    },
    definitions: documentDefinitions(record),
  };
}

/** A name in a path, as it is but for the characters that would make another path of it. */
function pathPart(name: string): string {
  return name.replace(/[{}%?#]/g, encodeURIComponent);
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
