import { Compile, type Validator } from 'typebox/schema';
import * as api from '../api/index.js';
import { UnexpectedAnswerError } from './errors.js';

/** The answers that have a schema of their own, and lists of them. */
export interface Answers {
  SessionList: api.Session[];
  SessionDetailsList: api.SessionDetails[];
  SessionDetails: api.SessionDetails;
  ExecuteResponse: api.ExecuteResponse;
  ConsoleOutputResponse: api.ConsoleOutputResponse;
  CreateSnapshotResponse: api.CreateSnapshotResponse;
  SnapshotList: api.Snapshot[];
  StatusResponse: api.StatusResponse;
  StringList: string[];
  Text: string;
  BatchWebServiceResult: api.BatchWebServiceResult;
  WebServiceList: api.WebService[];
  WebServiceResult: api.WebServiceResult;
}

const SCHEMAS: { readonly [name in keyof Answers]: object } = {
  SessionList: { type: 'array', items: api.Session },
  SessionDetailsList: { type: 'array', items: api.SessionDetails },
  SessionDetails: api.SessionDetails,
  ExecuteResponse: api.ExecuteResponse,
  ConsoleOutputResponse: api.ConsoleOutputResponse,
  CreateSnapshotResponse: api.CreateSnapshotResponse,
  SnapshotList: { type: 'array', items: api.Snapshot },
  StatusResponse: api.StatusResponse,
  StringList: { type: 'array', items: { type: 'string' } },
  Text: { type: 'string' },
  BatchWebServiceResult: api.BatchWebServiceResult,
  WebServiceList: { type: 'array', items: api.WebService },
  WebServiceResult: api.WebServiceResult,
};

const validators = new Map<keyof Answers, Validator>();

/**
 * Checks an answer of the server. Schemas are compiled on first use.
 * @throws {UnexpectedAnswerError} naming the call and the first field that is wrong.
 */
export function checkAnswer<Name extends keyof Answers>(
  name: Name,
  value: unknown,
  call: string,
): Answers[Name] {
  let validator = validators.get(name);
  if (validator === undefined) {
    validator = Compile(SCHEMAS[name]);
    validators.set(name, validator);
  }
  if (!validator.Check(value)) {
    const [, errors] = validator.Errors(value);
    const first = errors[0];
    const where =
      first === undefined || first.instancePath === '' ? '' : ` at ${first.instancePath}`;
    throw new UnexpectedAnswerError(
      `The server's answer to "${call}" is not what R Server sends${where}: ${first?.message ?? 'it has another form'}.`,
    );
  }
  return value as Answers[Name];
}
