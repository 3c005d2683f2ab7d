import type { JsonValue, WebService } from '../../src/api/index.js';
import type { BatchId, BatchResults, RServerClient } from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { type Block, code, count, shorten, type View } from '../output/index.js';
import { failureBlocks, failuresOf, failureText } from './batch-failures.js';
import { saveBatchFiles } from './batch-files.js';
import { untilEnded } from './batch-progress.js';
import type { MagicCall } from './definition.js';
import { withProgress } from './progress.js';
import { findService } from './service-lookup.js';
import { serviceUrl } from './service-view.js';
import { typesByName } from './session-values.js';
import { show } from './show.js';
import { UsageError } from './usage-error.js';

const ROWS_SHOWN = 10;
const CELL_LENGTH = 200;
/** More failures than these are told by their number. */
const FAILURES_IN_DATA = 1000;

/** `%consume … --batch EXPR`: calls a service once for each row of a value. */
export async function consumeBatch(call: MagicCall, context: MagicContext): Promise<void> {
  const { arguments: given, invocation } = call;
  const [parameter] = given.parameters.keys();
  if (parameter !== undefined) {
    throw new UsageError(
      `%consume: with --batch every row has all inputs; leave "${parameter}=…" out and put it into the rows.`,
    );
  }
  const parallel = parallelCount(given.value('parallel'));
  const service = await findService(context, given.word(0).text, given.optionalWord(1)?.text);
  const expression = given.value('batch') ?? '';
  const outcome = await withProgress(context, async (step) => {
    const link = await context.link();
    const types = typesByName(service.inputParameterDefinitions);
    const { result: taken } = await step('Evaluating the rows', () =>
      link.ask('take_rows', { expression, types }),
    );
    const total = Number(taken.count);
    const client = await context.client();
    const { name, version } = service;
    // It is not interrupted: a batch whose id nobody has heard of could not be cancelled.
    const batch = await step(`Sending ${count(total, 'row')}`, () =>
      client.batches.start(name, version, String(taken.text), parallel),
    );
    const begin = performance.now();
    const results = await orCancelled(client, batch, context, async () => {
      const label = `Calling ${name} ${version}`;
      await step(label, (report) => untilEnded(client, batch, context.signal, report));
      return client.batches.results(batch, context.signal);
    });
    const seconds = (performance.now() - begin) / 1000;
    const folder = given.value('files');
    const files =
      folder === undefined
        ? undefined
        : await step('Saving the files', (report) =>
            saveBatchFiles(client, batch, results.completed, folder, context.signal, report),
          );
    return { client, batch, results, seconds, files };
  });
  checkOutcome(service, outcome.batch, outcome.results);
  const { assignTo } = invocation;
  if (assignTo === undefined) {
    show(context, batchView(service, outcome));
    return;
  }
  const { name, version } = service;
  const { batch, results, client } = outcome;
  const link = await context.link();
  await link.ask('assign_results', {
    name: assignTo,
    types: typesByName(service.outputParameterDefinitions),
    results: results.text,
    batch: { id: batch.id, service: name, version, url: batchUrl(client, batch) },
  });
  const failed = failuresOf(results);
  if (failed.length > 0) context.stream('stderr', `${failureText(failed, results.total)}\n`);
}

interface Outcome {
  readonly client: RServerClient;
  readonly batch: BatchId;
  readonly results: BatchResults;
  readonly seconds: number;
  /** Where the files of the rows were saved, and how many there were. */
  readonly files: { readonly folder: string; readonly count: number } | undefined;
}

/** Runs what waits for a batch, and cancels that when the user interrupts. */
async function orCancelled<T>(
  client: RServerClient,
  batch: BatchId,
  { signal }: MagicContext,
  run: () => Promise<T>,
): Promise<T> {
  try {
    signal.throwIfAborted();
    return await run();
  } catch (error) {
    if (signal.aborted) await client.batches.cancel(batch);
    throw error;
  }
}

/** @throws {UsageError} */
function parallelCount(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const value = Number(written);
  if (/^\d+$/.test(written) && value >= 1) return value;
  throw new UsageError(`%consume: --parallel takes a whole number from 1 on, not "${written}".`);
}

/** @throws {MagicError} when no row has a result that is of use. */
function checkOutcome(service: WebService, { id }: BatchId, results: BatchResults): void {
  const title = `${service.name} ${service.version}`;
  if (results.state === 'failed') {
    throw new MagicError(
      'ServiceError',
      `The server could not keep the results of ${title}: ${results.completed} of ${count(results.total, 'row')} have one. Its log tells why, under the batch ${id}.`,
    );
  }
  const failed = failuresOf(results);
  const [first] = failed;
  if (first !== undefined && failed.length === results.total) {
    const rows = results.total === 1 ? 'the one row' : `all ${results.total} rows`;
    throw new MagicError('ServiceError', `${title} failed for ${rows}: ${first.message}`);
  }
}

function batchUrl(client: RServerClient, { name, version, id }: BatchId): string {
  return `${serviceUrl(client, name, version)}/batch/${id}`;
}

function batchView(service: WebService, outcome: Outcome): View {
  const { client, batch, results, seconds, files } = outcome;
  const { total } = results;
  const failed = failuresOf(results);
  const url = batchUrl(client, batch);
  const names = service.outputFileNames.join(', ');
  const saved =
    files === undefined
      ? `${names}, if the row has made it; --files FOLDER saves them`
      : `${count(files.count, 'file')} in ${files.folder}`;
  return {
    title: `${service.name} ${service.version}: ${count(total, 'row')}`,
    blocks: [
      {
        kind: 'fields',
        rows: [
          [
            'Took',
            `${seconds.toFixed(1)} s, ${Math.round(total / seconds).toLocaleString('en')} rows/s`,
          ],
          ['Batch', code(url)],
          ...(names === '' ? [] : ([['Files of each row', saved]] as const)),
        ],
      },
      ...failureBlocks(failed, total),
      ...resultBlocks(service, results),
    ],
    data: {
      service: service.name,
      version: service.version,
      batch: batch.id,
      url,
      rows: total,
      failed: failed.length,
      errors: failed.slice(0, FAILURES_IN_DATA).map(({ row, message }) => ({ row, message })),
      ...(files === undefined ? {} : { files: { ...files } }),
    },
  };
}

/** The first results as a table with a column for each output. */
function resultBlocks(service: WebService, { results }: BatchResults): Block[] {
  const outputs = service.outputParameterDefinitions.map(({ name }) => name);
  if (outputs.length === 0 || results.length === 0) return [];
  const shown = results
    .map((result, row) => ({ ...result, row }))
    .filter(({ success }) => success)
    .slice(0, ROWS_SHOWN);
  const blocks: Block[] = [
    {
      kind: 'table',
      columns: [
        { title: 'Row', align: 'right' },
        ...outputs.map((title) => ({
          title,
          align: shown.every(({ outputParameters }) => typeof outputParameters[title] === 'number')
            ? ('right' as const)
            : ('left' as const),
        })),
      ],
      rows: shown.map(({ row, outputParameters }) => [
        `${row}`,
        ...outputs.map((name) => cellText((outputParameters[name] ?? null) as JsonValue)),
      ]),
      empty: '',
    },
  ];
  if (results.length > shown.length) {
    const text = `… ${results.length} rows in all. x = %consume … --batch gives them as a DataFrame.`;
    blocks.push({ kind: 'note', tone: 'muted', text });
  }
  return blocks;
}

function cellText(value: JsonValue): string {
  if (value === null) return '';
  return shorten(typeof value === 'string' ? value : JSON.stringify(value), CELL_LENGTH);
}
