import { expect, vi } from 'vitest';
import type { BatchWebServiceResult } from '../../src/api/index.js';
import type { Answer, RequestOptions } from './server.js';

/** Sends a request to a server, as its administrator unless the options say otherwise. */
export type Request = (method: string, path: string, options?: RequestOptions) => Promise<Answer>;

/** Milliseconds that a batch of a test may take on a busy machine. */
const LONGEST = 30_000;

/** Begins a batch of a service (`name/version`). @returns the path of the batch */
export async function startBatch(
  request: Request,
  service: string,
  rows: readonly object[],
  options: RequestOptions & { readonly query?: string } = {},
): Promise<string> {
  const { query = '', ...rest } = options;
  const answer = await request('POST', `/api/${service}/batch${query}`, { ...rest, json: rows });
  expect(answer.status, answer.text).toBe(202);
  return `/api/${service}/batch/${answer.json<{ batchExecutionId: string }>().batchExecutionId}`;
}

/** What a batch has come to. */
export async function batchState(
  request: Request,
  batch: string,
  options: RequestOptions = {},
): Promise<BatchWebServiceResult> {
  const answer = await request('GET', batch, options);
  expect(answer.status, answer.text).toBe(200);
  return answer.json<BatchWebServiceResult>();
}

/** Waits until a batch has so many results, or all. */
export function batchWith(
  request: Request,
  batch: string,
  completed?: number,
): Promise<BatchWebServiceResult> {
  return vi.waitFor(
    async () => {
      const state = await batchState(request, batch);
      expect(state.completedItemCount).toBeGreaterThanOrEqual(completed ?? state.totalItemCount);
      if (completed === undefined) expect(state.state).toBe('Complete');
      return state;
    },
    { timeout: LONGEST, interval: 20 },
  );
}
