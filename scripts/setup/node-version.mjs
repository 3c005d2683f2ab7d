import { NodeTooOldError } from './errors.mjs';

/** The oldest Node on which the set-up scripts run; the product itself runs on the pinned one. */
export const OLDEST_NODE = 20;

/**
 * @param {string} version as `process.versions.node` has it
 * @throws {NodeTooOldError}
 */
export function requireNode(version) {
  if (Number.parseInt(version, 10) < OLDEST_NODE) throw new NodeTooOldError(version, OLDEST_NODE);
}
