import type { ExecuteRequest } from '../../api/index.js';
import type { SessionConsole } from './console-log.js';
import {
  RequestDroppedError,
  RequestInterruptedError,
  SessionGoneError,
  SessionRequestError,
} from './errors.js';
import type { KernelClient, KernelReply } from './kernel-client.js';
import { assertObjectName } from './object-names.js';
import { askHelper, type HelperAnswer } from './session-helper.js';

/** Exceptions of the helper whose text is a sentence that names the output at fault. */
const OUTPUT_ERRORS: ReadonlySet<string> = new Set(['MissingOutputError', 'OutputValueError']);

/**
 * Runs code for `POST /sessions/{id}/execute`. Inputs, code and outputs are sent back to back, so
 * that a call costs one round trip, and the session's own queue keeps calls in order.
 * Code that fails, or ends the session, is an answer and not an exception.
 *
 * Values pass as the texts that they are: parsed here, 9.0 would become 9, integers beyond 2^53
 * others, and columns named by numbers would change their order.
 * @param body the request as it came, from which the session takes the values
 * @returns the JSON of an ExecuteResponse
 * @throws {InvalidObjectNameError} before anything is sent.
 */
export async function executeCode(
  client: KernelClient,
  sessionConsole: SessionConsole,
  request: ExecuteRequest,
  body: Uint8Array,
): Promise<string> {
  const inputs = request.inputParameters ?? [];
  const outputs = request.outputParameters ?? [];
  for (const name of [...inputs.map((input) => input.name), ...outputs]) assertObjectName(name);

  let log: { text(): string } | undefined;
  const [assigned, executed, collected] = await Promise.allSettled([
    inputs.length === 0
      ? askHelper(client, 'assign', { trackFiles: true })
      : askHelper(client, 'assign', { trackFiles: true, asRequest: true }, { buffers: [body] }),
    client.request(
      'shell',
      'execute_request',
      {
        code: request.code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: false,
      },
      {
        onPublished: () => {
          log ??= sessionConsole.current;
        },
      },
    ),
    askHelper(client, 'collect', { names: outputs, ifSucceeded: true, asText: true }),
  ]);

  const failure =
    failureOf(assigned) ??
    failureOf(executed) ??
    (executed.status === 'fulfilled' ? failureOfCode(executed.value) : undefined) ??
    failureOf(collected);
  const outputParameters = failure === undefined ? readOutputs(collected) : [];
  const members = [
    `"success":${failure === undefined}`,
    `"errorMessage":${JSON.stringify(failure ?? '')}`,
    `"outputParameters":[${outputParameters.join(',')}]`,
    `"consoleOutput":${JSON.stringify(log?.text() ?? '')}`,
    `"changedFiles":${JSON.stringify(readChangedFiles(collected))}`,
  ];
  return `{${members.join(',')}}`;
}

/** Why a request was not answered, for people; an unexpected error is thrown on. */
function failureOf(settled: PromiseSettledResult<unknown>): string | undefined {
  if (settled.status === 'fulfilled') return undefined;
  const error: unknown = settled.reason;
  if (error instanceof SessionRequestError) {
    return OUTPUT_ERRORS.has(error.ename) ? error.evalue : describe(error.ename, error.evalue);
  }
  if (error instanceof RequestInterruptedError) return 'KeyboardInterrupt';
  if (error instanceof SessionGoneError || error instanceof RequestDroppedError) {
    return error.message;
  }
  throw error;
}

function failureOfCode({ content }: KernelReply): string | undefined {
  if (content.status === 'ok') return undefined;
  if (content.status === 'aborted') {
    return 'The code was not run: a cell of an attached notebook failed before it, and the session dropped what was queued. Send it again.';
  }
  return describe(String(content.ename ?? 'Error'), String(content.evalue ?? ''));
}

function describe(ename: string, evalue: string): string {
  return evalue === '' ? ename : `${ename}: ${evalue}`;
}

/**
 * The JSON of each output.
 * @throws {SessionRequestError} when code of the session has had its helper send what is none
 */
function readOutputs(collected: PromiseSettledResult<HelperAnswer>): string[] {
  const values = collected.status === 'fulfilled' ? collected.value.result.values : undefined;
  if (!Array.isArray(values)) return [];
  return (values as unknown as { name: string; value: string }[]).map(({ name, value }) => {
    assertJson(value);
    return `{"name":${JSON.stringify(name)},"value":${value}}`;
  });
}

function assertJson(value: string): void {
  try {
    JSON.parse(value);
  } catch (error) {
    throw new SessionRequestError('JSONDecodeError', String(error));
  }
}

function readChangedFiles(collected: PromiseSettledResult<HelperAnswer>): string[] {
  const files = collected.status === 'fulfilled' ? collected.value.result.changedFiles : undefined;
  return Array.isArray(files) ? files.filter((file) => typeof file === 'string') : [];
}
