import type { IncomingMessage } from 'node:http';
import type { BatchWebServiceResult } from '../api/index.js';
import { type Call, type Caller, path } from './call.js';
import { UnexpectedAnswerError } from './errors.js';
import { jsonMembers } from './json-members.js';

/** A batch: a version of a service that is called for many rows, and its id. */
export interface BatchId {
  readonly name: string;
  readonly version: string;
  readonly id: string;
}

/** How far a batch is. Servers write its state with a large or a small first letter. */
export interface BatchProgress {
  readonly state: 'pending' | 'ready' | 'inprogress' | 'complete' | 'failed';
  readonly completed: number;
  readonly total: number;
}

/** Results of a batch, parsed and as they were written. */
export interface BatchResults extends BatchProgress {
  readonly results: BatchWebServiceResult['batchExecutionResults'];
  /** The JSON array of the results, whose numbers JavaScript has not touched. */
  readonly text: string;
}

const STATES: readonly BatchProgress['state'][] = [
  'pending',
  'ready',
  'inprogress',
  'complete',
  'failed',
];

/**
 * Batches: the routes under `/api/{name}/{version}/batch`. Those about one batch throw
 * {NotFoundError} for one that is unknown, has expired, or is another user's.
 */
export class BatchRoutes {
  constructor(private readonly caller: Caller) {}

  /**
   * Begins a batch.
   * @param rows the text of a JSON array of objects with the parameters of a call each
   * @param parallelCount rows to run at the same time; the server's choice where it is left out
   * @throws {BadRequestError} naming the first row that the service does not take.
   */
  async start(
    name: string,
    version: string,
    rows: string,
    parallelCount?: number,
    signal?: AbortSignal,
  ): Promise<BatchId> {
    const query = parallelCount === undefined ? '' : `?parallelCount=${parallelCount}`;
    const answer = await this.caller.json({
      ...this.#call('POST', { name, version }),
      path: `${path('api', name, version, 'batch')}${query}`,
      body: rows,
      contentType: 'application/json',
      unlimited: true,
      ...(signal === undefined ? {} : { signal }),
    });
    const members = Object(answer) as Readonly<Record<string, unknown>>;
    const id = members.batchExecutionId ?? members.BatchExecutionId;
    if (typeof id === 'string' && id !== '') return { name, version, id };
    throw new UnexpectedAnswerError('The server has begun a batch and does not tell its id.');
  }

  /** Ids of the user's batches of a version, oldest first. */
  list(name: string, version: string): Promise<string[]> {
    return this.caller.answer('StringList', this.#call('GET', { name, version }));
  }

  /** How far a batch is. */
  async progress(batch: BatchId, signal?: AbortSignal): Promise<BatchProgress> {
    return (await this.#state(batch, false, signal)).progress;
  }

  /** The results of a batch's first rows, in the order of the rows. */
  async results(batch: BatchId, signal?: AbortSignal): Promise<BatchResults> {
    const { progress, value, text } = await this.#state(batch, true, signal);
    const results = value.batchExecutionResults;
    return { ...progress, results, text: jsonMembers(text).get('batchExecutionResults') ?? '[]' };
  }

  /** Stops a batch, its running rows too, and deletes it with its results. */
  async cancel(batch: BatchId): Promise<void> {
    await this.caller.json(this.#call('DELETE', batch, batch.id));
  }

  /** Names of the files that a row has left. @param index of the row, from 0 */
  files(batch: BatchId, index: number): Promise<string[]> {
    return this.caller.answer(
      'StringList',
      this.#call('GET', batch, batch.id, `${index}`, 'files'),
    );
  }

  /** The content of such a file. */
  file(batch: BatchId, index: number, fileName: string): Promise<IncomingMessage> {
    const call = this.#call('GET', batch, batch.id, `${index}`, 'files', fileName);
    return this.caller.stream({ ...call, unlimited: true });
  }

  async #state(
    batch: BatchId,
    withResults: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ progress: BatchProgress; value: BatchWebServiceResult; text: string }> {
    // Clients of R Server write it both ways, and servers know the one or the other.
    const query = `?showPartialResults=${withResults}&showPartialResult=${withResults}`;
    const call = this.#call('GET', batch, batch.id);
    const { value, text } = await this.caller.answerText('BatchWebServiceResult', {
      ...call,
      path: `${call.path}${query}`,
      unlimited: withResults,
      ...(signal === undefined ? {} : { signal }),
    });
    const state = STATES.find((each) => each === value.state.toLowerCase());
    if (state === undefined) {
      throw new UnexpectedAnswerError(
        `The server says that the batch is "${value.state}", which R Server does not.`,
      );
    }
    const { completedItemCount: completed, totalItemCount: total } = value;
    return { progress: { state, completed, total }, value, text };
  }

  #call(
    method: Call['method'],
    { name, version }: Pick<BatchId, 'name' | 'version'>,
    ...rest: string[]
  ): Call {
    const resource =
      rest[0] === undefined
        ? ({ kind: 'service', name, version } as const)
        : ({ kind: 'batch', name: rest[0] } as const);
    return { method, path: path('api', name, version, 'batch', ...rest), resource };
  }
}
