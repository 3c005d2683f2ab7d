/** Milliseconds between two looks. */
const INTERVAL = 1000;

/**
 * Calls `onDeath` when the process that started this one is gone, which the system tells by giving
 * us another parent. Jupyter that is killed sends no signal.
 */
export function watchParent(onDeath: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onDeath();
  }, INTERVAL);
  timer.unref();
}
