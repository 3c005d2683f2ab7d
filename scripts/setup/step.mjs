/**
 * One step of set-up.
 * @typedef {object} Step
 * @property {string} title what it brings up to date
 * @property {string} doing how, while it does
 * @property {(report: () => void) => Promise<boolean>} bringUpToDate does what is missing, after
 *   calling `report`; false when nothing was
 */

const TITLE_WIDTH = 14;

/**
 * Runs one step and prints its line: what was done and how long it took.
 * @param {Step} step
 */
export async function runStep({ title, doing, bringUpToDate }) {
  const started = performance.now();
  const label = `  ${title.padEnd(TITLE_WIDTH)}`;
  const { isTTY } = process.stdout;
  const changed = await bringUpToDate(() => {
    // On a terminal the final line replaces this one.
    if (isTTY) process.stdout.write(`${label}${doing} …`);
  });
  const outcome = `${changed ? doing : 'up to date'}`.padEnd(44);
  process.stdout.write(
    `${isTTY ? '\r\x1b[K' : ''}${label}${outcome}${duration(performance.now() - started)}\n`,
  );
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(0).padStart(4)} ms`
    : `${(milliseconds / 1000).toFixed(1).padStart(5)} s`;
}
