import type { MagicContext } from '../magic-context.js';
import { toBundle, type View } from '../output/index.js';

/** Shows a result below the cell, in all its forms. */
export function show(context: MagicContext, view: View): void {
  context.display(toBundle(view));
}
