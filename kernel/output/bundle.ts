import type { MimeBundle } from '../magic-context.js';
import { renderHtml } from './html.js';
import { renderPlain } from './plain.js';
import type { View } from './view.js';

/**
 * The type of the form for programs. It is not plain `application/json`, because JupyterLab ranks
 * its JSON tree above HTML and would show that in place of the card (its JSON renderer has rank 0,
 * HTML 50; https://github.com/jupyterlab/jupyterlab/issues/3038). Programs find it by the ending.
 */
export const DATA_MIME_TYPE = 'application/vnd.slipway.result+json';

/** A view in all its forms. */
export function toBundle(view: View): MimeBundle {
  return {
    'text/html': renderHtml(view),
    'text/plain': renderPlain(view),
    ...(view.data === undefined ? {} : { [DATA_MIME_TYPE]: view.data }),
  };
}
