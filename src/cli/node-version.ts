/** The oldest Node with all that Slipway uses: `node:sqlite` without a flag. */
const OLDEST = [22, 13] as const;

/** A sentence for a version of Node that is too old, undefined for one that will do. */
export function describeOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
    return undefined;
  }
  return `Slipway needs Node ${OLDEST.join('.')} or newer, and this is Node ${version}. Install a newer Node, or run Slipway with another one.`;
}
