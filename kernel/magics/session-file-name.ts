import { UsageError } from './usage-error.js';

/**
 * Checks that a name is that of a file right in the working directory, as the routes take it.
 * @throws {UsageError}
 */
export function checkFileName(magic: string, name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw new UsageError(
      `%${magic}: "${name}" is no name of a file in the working directory of the session. Leave out folders.`,
    );
  }
}
