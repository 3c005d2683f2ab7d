import type { WebService } from '../../api/index.js';
import type { User } from '../auth/index.js';
import type { ServiceRecord } from '../store/index.js';
import { mayChange } from './permissions.js';

/** What is told of a service: not what it needs to run. */
export type ServiceMetadata = Omit<ServiceRecord, 'tree' | 'pool' | 'python' | 'packages'>;

/** What clients show as the name of the operation when its publisher gave none. */
const DEFAULT_OPERATION = 'consume';

/** What a user is told of a service beyond what all are told. */
export interface View {
  /** Whether its code is among it: for who has published it, and for Owners. */
  readonly hasCode: boolean;
  readonly mayChange: boolean;
}

/** How a user sees the services of a publisher. */
export function viewOf(user: User, service: Pick<ServiceRecord, 'owner'>): View {
  return {
    hasCode: user.role === 'Owner' || user.name === service.owner,
    mayChange: mayChange(user, service),
  };
}

/** Metadata as the wire has it, in its order of keys. */
export function toWebService(record: ServiceMetadata, view: View): WebService {
  return {
    name: record.name,
    version: record.version,
    versionPublishedBy: record.owner,
    creationTime: record.creationTime,
    snapshotId: record.snapshotId,
    runtimeType: record.runtimeType,
    ...(view.hasCode ? { initCode: record.initCode, code: record.code } : {}),
    description: record.description,
    operationId: record.operationId === '' ? DEFAULT_OPERATION : record.operationId,
    inputParameterDefinitions: [...record.inputs],
    outputParameterDefinitions: [...record.outputs],
    outputFileNames: [...record.outputFileNames],
    myPermissionOnService: view.mayChange ? 'read/write' : 'read only',
  };
}
