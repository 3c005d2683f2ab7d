import type {
  CreateSnapshotResponse,
  JsonValue,
  ParameterDefinition,
  PublishWebServiceRequest,
  SnapshotContents,
  WebService,
} from '../../src/api/index.js';
import { ClientError } from '../../src/client/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { type Block, formatTime } from '../output/index.js';
import { type RunStep, withProgress } from './progress.js';
import { findService, findServiceIfAny, versionsOf } from './service-lookup.js';
import { type ParameterNotes, serviceView } from './service-view.js';
import { show } from './show.js';
import { contentsBlocks } from './snapshot-contents.js';
import { findSnapshot } from './snapshot-lookup.js';

/** A service as the user has written it, before anything is sent. */
export interface PublishDraft {
  readonly name: string;
  /** Without one the server makes up a GUID. */
  readonly version: string | undefined;
  readonly code: string;
  readonly inputs: readonly ParameterDefinition[];
  readonly outputs: readonly ParameterDefinition[];
  /** `auto`, `none`, or a snapshot's id or name. */
  readonly snapshot: string;
  readonly initCode: string | undefined;
  readonly outputFileNames: readonly string[];
  /** Undefined where the user did not say; then `implied` counts. */
  readonly description: string | undefined;
  readonly operationId: string | undefined;
  /** What the function says of itself. A version that has been described otherwise is the same. */
  readonly implied: { readonly description?: string; readonly operationId?: string };
  /** Whether a version that is there may be changed. */
  readonly update: boolean;
  /** What the card tells of where the types come from. */
  readonly notes?: ParameterNotes;
  /** Paragraphs for the card. */
  readonly remarks: readonly string[];
  /** What will not work, though it can be published. */
  readonly warnings?: readonly string[];
  /** Values for the calls on the card. */
  readonly examples: Readonly<Record<string, JsonValue>>;
}

/**
 * Publishes a draft and shows its card. The same draft again changes nothing and says so.
 * @throws {MagicError} `ServiceExistsError` when the version is there with other contents.
 */
export async function publishDraft(context: MagicContext, draft: PublishDraft): Promise<void> {
  const snapshotId = await namedSnapshot(context, draft.snapshot);
  const existing = await existingVersion(context, draft, snapshotId);
  if (existing !== undefined && !draft.update) {
    const differences = differencesOf(existing, draft, snapshotId);
    if (differences.length > 0) throw existsError(existing, differences);
    return showUnchanged(context, existing, draft);
  }
  const { version, contents } = await withProgress(context, (step) =>
    sendDraft(context, draft, existing, snapshotId, step),
  );
  const service = await findService(context, draft.name, version);
  const verb = existing === undefined ? 'is published' : 'is updated';
  show(
    context,
    serviceView(await context.client(), service, {
      title: { text: `${service.name} ${service.version} ${verb}`, tone: 'good' },
      ...notesOf(draft),
      details: [
        ...remarksOf(draft),
        ...(draft.snapshot === 'auto' ? contentsBlocks(contents) : []),
      ],
      examples: draft.examples,
      data: {
        outcome: existing === undefined ? 'published' : 'updated',
        contents: contents === undefined ? null : { ...contents },
      },
    }),
  );
}

/** Saves what is needed, where the draft leaves that to us, and publishes or updates. */
async function sendDraft(
  context: MagicContext,
  draft: PublishDraft,
  existing: WebService | undefined,
  snapshotId: string | null | undefined,
  step: RunStep,
): Promise<{ version: string; contents: SnapshotContents | undefined }> {
  const automatic =
    draft.snapshot === 'auto'
      ? await step('Saving what the code needs', () => saveWhatIsNeeded(context, draft))
      : undefined;
  try {
    const version = await step('Publishing, and starting it in a clean process', () =>
      send(context, draft, existing, automatic?.snapshotId ?? snapshotId),
    );
    return { version, contents: automatic?.contents };
  } finally {
    // The service has its own copy; this snapshot was made for it alone.
    if (automatic !== undefined) await discard(context, automatic.snapshotId);
  }
}

function notesOf({ notes }: PublishDraft): { notes?: ParameterNotes } {
  return notes === undefined ? {} : { notes };
}

function remarksOf({ remarks, warnings = [] }: PublishDraft): Block[] {
  return [
    ...warnings.map((text): Block => ({ kind: 'note', tone: 'warning', text })),
    ...remarks.map((text): Block => ({ kind: 'note', tone: 'muted', text })),
  ];
}

/** The id of the snapshot that the draft names: null for none, undefined when it is made now. */
async function namedSnapshot(
  context: MagicContext,
  snapshot: string,
): Promise<string | null | undefined> {
  if (snapshot === 'auto') return undefined;
  return snapshot === 'none' ? null : (await findSnapshot(context, snapshot)).id;
}

/** The version that the draft is about. A draft without one is about the equal version, if any. */
async function existingVersion(
  context: MagicContext,
  draft: PublishDraft,
  snapshotId: string | null | undefined,
): Promise<WebService | undefined> {
  if (draft.version !== undefined) return findServiceIfAny(context, draft.name, draft.version);
  const versions = await versionsOf(context, draft.name);
  return versions.findLast((each) => differencesOf(each, draft, snapshotId).length === 0);
}

/** What differs between a version and a draft, in words. What the draft leaves open is equal. */
export function differencesOf(
  service: WebService,
  draft: PublishDraft,
  snapshotId: string | null | undefined,
): string[] {
  const parts: [string, boolean][] = [
    ['code', service.code?.trimEnd() !== draft.code],
    ['initial code', (service.initCode ?? '') !== (draft.initCode ?? '')],
    ['inputs', !equal(service.inputParameterDefinitions, draft.inputs)],
    ['outputs', !equal(service.outputParameterDefinitions, draft.outputs)],
    ['files', !equal(service.outputFileNames, draft.outputFileNames)],
    ['snapshot', snapshotId !== undefined && service.snapshotId !== snapshotId],
    [
      'description',
      draft.description !== undefined && (service.description ?? '') !== draft.description,
    ],
    ['operation', draft.operationId !== undefined && service.operationId !== draft.operationId],
  ];
  return parts.filter(([, differs]) => differs).map(([name]) => name);
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function existsError({ name, version }: WebService, differences: readonly string[]): MagicError {
  const what = new Intl.ListFormat('en-GB').format(differences);
  return new MagicError(
    'ServiceExistsError',
    `${name} ${version} is published already, and differs in its ${what}. Add --update to change it, or publish under a new version.`,
  );
}

async function showUnchanged(
  context: MagicContext,
  service: WebService,
  draft: PublishDraft,
): Promise<void> {
  const { name, version, creationTime } = service;
  const details = remarksOf(draft);
  if (draft.snapshot === 'auto') {
    const text = `It keeps the data of ${formatTime(creationTime)}. Add --update to publish what the session holds now.`;
    details.push({ kind: 'note', tone: 'muted', text });
  }
  const view = serviceView(await context.client(), service, {
    title: `${name} ${version} is published already; nothing has changed`,
    ...notesOf(draft),
    details,
    examples: draft.examples,
    data: { outcome: 'unchanged', contents: null },
  });
  show(context, view);
}

/** Saves what the code needs from the session, and no more. */
async function saveWhatIsNeeded(
  context: MagicContext,
  draft: PublishDraft,
): Promise<CreateSnapshotResponse> {
  const { sessionId } = await context.link();
  const client = await context.client();
  return client.sessions.createSnapshot(sessionId, {
    name: `${draft.name} ${draft.version ?? ''}`.trim(),
    code: draft.initCode === undefined ? draft.code : `${draft.initCode}\n${draft.code}`,
    exclude: draft.inputs.map(({ name }) => name),
  });
}

/** Publishes or updates, and answers the version. */
async function send(
  context: MagicContext,
  draft: PublishDraft,
  existing: WebService | undefined,
  snapshotId: string | null | undefined,
): Promise<string> {
  const { services } = await context.client();
  const request: PublishWebServiceRequest = {
    code: draft.code,
    runtimeType: 'Python',
    snapshotId: snapshotId ?? null,
    inputParameterDefinitions: [...draft.inputs],
    outputParameterDefinitions: [...draft.outputs],
    outputFileNames: [...draft.outputFileNames],
    ...(draft.initCode === undefined ? {} : { initCode: draft.initCode }),
    ...draft.implied,
    ...(draft.description === undefined ? {} : { description: draft.description }),
    ...(draft.operationId === undefined ? {} : { operationId: draft.operationId }),
  };
  if (existing === undefined) return services.publish(draft.name, draft.version, request);
  if (snapshotId === null && existing.snapshotId !== null) {
    throw new MagicError(
      'UsageError',
      `An update cannot take the snapshot away from ${existing.name} ${existing.version}. Delete it with %service delete, then publish it.`,
    );
  }
  await services.update(draft.name, existing.version, {
    ...request,
    // Null would keep the old one; an empty text is what removes it.
    initCode: draft.initCode ?? '',
  });
  return existing.version;
}

async function discard(context: MagicContext, snapshotId: string): Promise<void> {
  try {
    await (await context.client()).snapshots.delete(snapshotId);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    context.stream(
      'stderr',
      `The snapshot ${snapshotId} of this publish is left over: ${error.message}\n`,
    );
  }
}
