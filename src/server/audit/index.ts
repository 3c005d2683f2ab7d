/** Who has signed in, and who has changed what. */
export { AuditLog, auditCommand } from './audit-log.js';
export { auditRequests } from './audit-requests.js';
