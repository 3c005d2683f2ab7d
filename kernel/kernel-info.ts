import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROTOCOL_VERSION } from '../src/jupyter/index.js';

/** `language_info` as ipykernel has it, for the time before the session has told its own. */
function pythonLanguage(version: string) {
  return {
    name: 'python',
    version,
    mimetype: 'text/x-python',
    codemirror_mode: { name: 'ipython', version: 3 },
    pygments_lexer: 'ipython3',
    nbconvert_exporter: 'python',
    file_extension: '.py',
  };
}

/**
 * The content of a `kernel_info_reply`: the kernel's own name, the session's language and features.
 *
 * @param session the session's own `kernel_info_reply`, when it has answered.
 * @param python the version of the session's Python, where it is known without that.
 */
export function kernelInfo(session: Record<string, unknown> | undefined, python?: string): object {
  const version = packageVersion();
  const features = session?.supported_features;
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'slipway',
    implementation_version: version,
    language_info: session?.language_info ?? pythonLanguage(python ?? '3'),
    banner: banner(version, session?.banner),
    help_links: Array.isArray(session?.help_links) ? session.help_links : [],
    supported_features: Array.isArray(features) ? features : [],
  };
}

function banner(version: string, session: unknown): string {
  const own = `Slipway ${version}: Python runs in a session on a server. %help lists the magics.`;
  return typeof session === 'string' ? `${own}\n${session}` : own;
}

let cachedVersion: string | undefined;

/** The version in package.json, which lies above this file in the sources and in the build. */
function packageVersion(): string {
  if (cachedVersion !== undefined) return cachedVersion;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      cachedVersion = String(manifest.version);
      return cachedVersion;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing || dirname(folder) === folder) throw error;
    }
  }
}
