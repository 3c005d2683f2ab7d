import Type, { type Static } from 'typebox';
import { Nullable, RuntimeType, WorkspaceObject } from './common.js';

/** Body of `POST /sessions`; every field is optional and the runtime defaults to R. */
export const CreateSessionRequest = Type.Object(
  {
    name: Nullable(Type.String({ maxLength: 256 })),
    snapshotId: Nullable(Type.String()),
    runtimeType: Nullable(RuntimeType),
  },
  { $id: 'CreateSessionRequest' },
);
export type CreateSessionRequest = Static<typeof CreateSessionRequest>;

/** Answer of `POST /sessions`. */
export const CreateSessionResponse = Type.Object(
  { sessionId: Type.String() },
  { $id: 'CreateSessionResponse' },
);
export type CreateSessionResponse = Static<typeof CreateSessionResponse>;

/** One of the user's sessions. */
export const Session = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    owner: Type.String(),
    runtimeType: RuntimeType,
  },
  { $id: 'Session' },
);
export type Session = Static<typeof Session>;

/** Body of `POST /sessions/{id}/execute`. */
export const ExecuteRequest = Type.Object(
  {
    code: Type.String({ description: 'Code to execute.' }),
    inputParameters: Nullable(Type.Array(WorkspaceObject)),
    outputParameters: Nullable(Type.Array(Type.String())),
  },
  { $id: 'ExecuteRequest' },
);
export type ExecuteRequest = Static<typeof ExecuteRequest>;

/**
 * Answer of `POST /sessions/{id}/execute`, in the order of keys of the wire; all five are always
 * present. Code that fails is a 200 with `success: false`.
 */
export const ExecuteResponse = Type.Object(
  {
    success: Type.Boolean(),
    errorMessage: Type.String(),
    outputParameters: Type.Array(WorkspaceObject),
    consoleOutput: Type.String(),
    changedFiles: Type.Array(Type.String()),
  },
  { $id: 'ExecuteResponse' },
);
export type ExecuteResponse = Static<typeof ExecuteResponse>;

/** Answer of `GET /sessions/{id}/console-output`: of the current or the last execution. */
export const ConsoleOutputResponse = Type.Object(
  { consoleOutput: Type.String() },
  { $id: 'ConsoleOutputResponse' },
);
export type ConsoleOutputResponse = Static<typeof ConsoleOutputResponse>;
