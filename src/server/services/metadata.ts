import type { WebService } from '../../api/index.js';
import type { User } from '../auth/index.js';
import type { ServiceRecord } from '../store/index.js';

/** What clients show as the name of the operation when its publisher gave none. */
const DEFAULT_OPERATION = 'consume';

/**
 * Whether a user may change a service: an Owner any, a Contributor what they have published. Who has
 * become a Reader has lost that right over their own services too, as in R Server.
 */
export function mayChange(user: User, record: ServiceRecord): boolean {
  return user.role === 'Owner' || (user.role === 'Contributor' && user.name === record.owner);
}

/** Whether a user may see the code of a service: who has published it, and Owners. */
function maySeeCode(user: User, record: ServiceRecord): boolean {
  return user.role === 'Owner' || user.name === record.owner;
}

/** Metadata as the wire has it, in its order of keys; the code only for those who may see it. */
export function toWebService(record: ServiceRecord, user: User): WebService {
  return {
    name: record.name,
    version: record.version,
    versionPublishedBy: record.owner,
    creationTime: record.creationTime,
    snapshotId: record.snapshotId,
    runtimeType: record.runtimeType,
    ...(maySeeCode(user, record) ? { initCode: record.initCode, code: record.code } : {}),
    description: record.description,
    operationId: record.operationId === '' ? DEFAULT_OPERATION : record.operationId,
    inputParameterDefinitions: [...record.inputs],
    outputParameterDefinitions: [...record.outputs],
    outputFileNames: [...record.outputFileNames],
    myPermissionOnService: mayChange(user, record) ? 'read/write' : 'read only',
  };
}
