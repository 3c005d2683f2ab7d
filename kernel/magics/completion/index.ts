/** Completion of the lines of magics, from their definitions. */
export { completeMagic } from './complete.js';
export { optionOf } from './position.js';
export type { CompletionSources, WorkspaceName } from './sources.js';
