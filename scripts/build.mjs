/** `npm run build`, and what `npm pack` does first: compiles to dist/ what changed since the last time. */
import { buildAlone } from './setup/index.mjs';

await buildAlone();
