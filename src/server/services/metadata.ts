import type { WebService } from '../../api/index.js';
import type { User } from '../auth/index.js';
import type { ServiceRecord } from '../store/index.js';

/** What clients show as the name of the operation when its publisher gave none. */
const DEFAULT_OPERATION = 'consume';

/** Whether a user may change a service and see its code. */
export function mayChange(user: User, record: ServiceRecord): boolean {
  return user.name === record.owner || user.role === 'Owner';
}

/** Metadata as the wire has it, in its order of keys; the code only for those who may change it. */
export function toWebService(record: ServiceRecord, user: User): WebService {
  const isOwn = mayChange(user, record);
  return {
    name: record.name,
    version: record.version,
    versionPublishedBy: record.owner,
    creationTime: record.creationTime,
    snapshotId: record.snapshotId,
    runtimeType: record.runtimeType,
    ...(isOwn ? { initCode: record.initCode, code: record.code } : {}),
    description: record.description,
    operationId: record.operationId === '' ? DEFAULT_OPERATION : record.operationId,
    inputParameterDefinitions: [...record.inputs],
    outputParameterDefinitions: [...record.outputs],
    outputFileNames: [...record.outputFileNames],
    myPermissionOnService: isOwn ? 'read/write' : 'read only',
  };
}
