/** What was probably meant: the magics, as the settings, answer a wrong word with a near one. */
export { didYouMean, nearest } from '../../src/client/index.js';
