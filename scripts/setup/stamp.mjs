import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './paths.mjs';

/**
 * A digest of everything that a step depends on: equal digests mean that its result still holds.
 * @param {readonly string[]} files read by content, so that a checkout that only touches changes nothing
 * @param {readonly string[]} [facts] what is not in a file: paths, versions, platform
 */
export function fingerprint(files, facts = []) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of files) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * The files below `folder` whose name ends with `suffix`, sorted; none when there is no folder.
 * @param {string} folder
 * @param {string} suffix
 */
export function filesBelow(folder, suffix) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(folder, name))
    .sort();
}

/**
 * Reads what the last run of a step left; a missing or broken stamp means that it has to run again.
 * @param {string} path inside the result that it vouches for, so that both go together
 * @returns {Record<string, unknown>}
 */
export function readStamp(path) {
  if (!existsSync(path)) return {};
  const text = readFileSync(path, 'utf8');
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} stamp
 */
export function writeStamp(path, stamp) {
  writeFileSync(path, `${JSON.stringify(stamp)}\n`);
}
