/**
 * `npm start`: sets up what is missing, starts or finds this user's server, opens JupyterLab on the
 * iris notebook.
 *
 *   npm start -- --no-browser --port 8890     what follows `--` goes to JupyterLab
 *   npm start -- --run [NOTEBOOK]             runs a notebook here instead, without a browser
 *   npm run setup                             only sets up
 */
import { afterSetup } from './setup/index.mjs';

const [first, ...rest] = process.argv.slice(2);

await afterSetup(async () => {
  if (first === '--setup') return 0;
  const { openJupyterLab, runNotebook } = await import('./notebook.mjs');
  return first === '--run' ? runNotebook(rest) : openJupyterLab(process.argv.slice(2));
});
