/** A kernel's connection with its session on the server. */
export { attachSession, type OpenSessionOptions, openSession } from './connect.js';
export { LinkClosedError, LinkOpenError, SessionHelperError } from './errors.js';
export type { HelperReply, LinkEnd, MessageListener, SessionLink } from './link.js';
