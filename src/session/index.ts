/** A kernel's connection with its session on the server. */
export * from './link.js';
