/** How results of magics look: one view, rendered as HTML, as text and as data. */
export * from './bundle.js';
export * from './format.js';
export * from './view.js';
