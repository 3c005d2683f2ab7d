import { MagicError } from '../magic-context.js';

/** Thrown when a magic is written wrongly; the sentence shows how to write it. */
export class UsageError extends MagicError {
  constructor(evalue: string) {
    super('UsageError', evalue);
  }
}
