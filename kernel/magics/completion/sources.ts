import type { Session, Snapshot, WebService } from '../../../src/api/index.js';
import type { Completion } from '../../completion/index.js';

/** A name of the session's workspace. */
export interface WorkspaceName {
  readonly name: string;
  readonly isFunction: boolean;
}

/**
 * What completion knows of the world. Each answers within a moment, with what is known by then, and
 * none starts a session or a server.
 */
export interface CompletionSources {
  services(): Promise<readonly WebService[]>;
  snapshots(): Promise<readonly Snapshot[]>;
  sessions(): Promise<readonly Session[]>;
  /** Files of the session's working directory. */
  files(): Promise<readonly string[]>;
  names(): Promise<readonly WorkspaceName[]>;
  /** Completes Python at an offset in it: by the session, or by the names that are known. */
  python(code: string, cursor: number): Promise<Completion>;
}
