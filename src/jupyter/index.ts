/** The wire that kernel and server share: messages, signatures, ZeroMQ and WebSocket framing. */
export * from './connection.js';
export * from './connection-errors.js';
export * from './message.js';
export * from './resumable.js';
export * from './signature.js';
export * from './websocket-frames.js';
export * from './zmq-frames.js';
