/** What can keep the processes of sessions and services to what is theirs. */
export type IsolationKind = 'bubblewrap' | 'account' | 'none';

/** How sessions and services are isolated. */
export interface IsolationSettings {
  /** `auto` takes the first of the kinds that is possible here. */
  readonly mode: 'auto' | IsolationKind;
  /** Files and folders that sessions may read besides the system's programs and the interpreter. */
  readonly paths: readonly string[];
  /** Variables of the server's environment that sessions get besides the harmless ones. */
  readonly environment: readonly string[];
  /** Number of the first account (uid) that processes of a server run by root get. */
  readonly firstAccount: number;
  /** How many accounts there are, one for each process at a time. */
  readonly accounts: number;
}

/** Which isolation is in force. */
export interface IsolationReport {
  readonly kind: IsolationKind;
  /**
   * `user` keeps all but what is their own from processes; `data` keeps the server's data directory
   * from them and nothing else, since all the rest is their user's own; `nothing` is what it says.
   */
  readonly protects: 'user' | 'data' | 'nothing';
  /** Why it is this kind, as a sentence. */
  readonly reason: string;
}

/** What a process needs to have of the machine. */
export interface Needs {
  /** A name that no other process has, for the place of its temporary files. */
  readonly name: string;
  /** Absolute path of its working directory; by default a folder for temporary files. */
  readonly workDirectory?: string;
  /** Absolute paths of the folders that it may change. */
  readonly writable: readonly string[];
  /** Absolute paths of the folders of the data directory that it may read. */
  readonly readable: readonly string[];
  /** Whether it goes on when the server ends. */
  readonly outlivesServer: boolean;
}
