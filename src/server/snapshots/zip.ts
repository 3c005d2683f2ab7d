import { PassThrough, type Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { BlobStore, SnapshotTree, TreeFile } from '../store/index.js';

/** Where a zip keeps what is not a file of the working directory. */
const WORKSPACE_FOLDER = '.slipway';
const FILES_FOLDER = 'files/';

/** A zip file as a stream of known length. */
export interface ZipDownload {
  /** Bytes. */
  readonly size: number;
  readonly stream: Readable;
}

/** Bytes that the zip of a snapshot will have. */
export function zipSize(tree: SnapshotTree, creationTime: string): number {
  // The size follows from the entries alone; a content that never arrives keeps yazl from writing.
  return buildZip(tree, creationTime, () => undefined).size;
}

/**
 * The zip of a snapshot: the files of the working directory, and the workspace in `.slipway/`.
 * Contents are stored as they are, so that the size is known before the first byte.
 */
export function zipSnapshot(
  tree: SnapshotTree,
  creationTime: string,
  blobs: BlobStore,
): ZipDownload {
  const { size, zip } = buildZip(tree, creationTime, (file, deliver) =>
    deliver(null, blobs.open(file.sha256)),
  );
  const stream = new PassThrough();
  zip.on('error', (error: Error) => stream.destroy(error));
  zip.outputStream.pipe(stream);
  return { size, stream };
}

type Deliver = (error: Error | null, content: NodeJS.ReadableStream) => void;

function buildZip(
  tree: SnapshotTree,
  creationTime: string,
  readContent: (file: TreeFile, deliver: Deliver) => void,
): { size: number; zip: ZipFile } {
  const zip = new ZipFile();
  const mtime = new Date(`${creationTime}Z`);
  for (const file of tree.files) {
    zip.addReadStreamLazy(
      pathInZip(file.path),
      { size: file.size, mode: 0o100000 | (file.mode | 0o600), mtime, compress: false },
      (deliver: Deliver) => readContent(file, deliver),
    );
  }
  let size = -1;
  // yazl calls back at once with the size when all entries have theirs; its types leave it out.
  const remember = (total: number) => {
    size = total;
  };
  zip.end({ forceZip64Format: false, comment: '' }, remember as () => void);
  if (size < 0) {
    throw new Error('The size of the zip file could not be computed.');
  }
  return { size, zip };
}

function pathInZip(path: string): string {
  if (!path.startsWith(FILES_FOLDER)) {
    return `${WORKSPACE_FOLDER}/${path}`;
  }
  const name = path.slice(FILES_FOLDER.length);
  // Names that would collide with the workspace, or that unzip elsewhere on other systems.
  if (name.startsWith(`${WORKSPACE_FOLDER}/`) || /\\|^[A-Za-z]:/.test(name)) {
    return `${WORKSPACE_FOLDER}/${FILES_FOLDER}${name.replaceAll('\\', '%5C').replaceAll(':', '%3A')}`;
  }
  return name;
}
