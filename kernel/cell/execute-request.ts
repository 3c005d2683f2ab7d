import { decodeDict, MalformedMessageError } from '../../src/jupyter/index.js';

/** What an `execute_request` asks for, with the defaults of the protocol. */
export interface ExecuteOptions {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  readonly stopOnError: boolean;
}

/**
 * Reads the content of an `execute_request`.
 * @throws {MalformedMessageError} when it holds no code.
 */
export function readExecuteRequest(content: Uint8Array): ExecuteOptions {
  const fields = decodeDict(content, 'content of an execute_request');
  if (typeof fields.code !== 'string') {
    throw new MalformedMessageError('An execute_request holds no code.');
  }
  const silent = fields.silent === true;
  return {
    code: fields.code,
    silent,
    storeHistory: !silent && fields.store_history !== false,
    userExpressions: strings(fields.user_expressions),
    allowStdin: fields.allow_stdin === true,
    stopOnError: fields.stop_on_error !== false,
  };
}

function strings(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
}
