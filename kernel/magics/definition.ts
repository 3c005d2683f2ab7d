import type { MagicContext, MagicInvocation } from '../magic-context.js';
import type { Arguments } from './arguments.js';

/** What a word or an option's value names. Completion offers what there is of it. */
export type ValueKind =
  | 'function'
  | 'local file'
  | 'magic'
  | 'parameter type'
  | 'service'
  | 'session'
  | 'session file'
  | 'snapshot'
  | 'variable'
  | 'version';

/** A word that a form takes. */
export interface WordDefinition {
  /** As the usage shows it: `NAME`. */
  readonly name: string;
  readonly isOptional: boolean;
  readonly kind?: ValueKind;
}

/** A word that must be there. */
export function word(name: string, kind?: ValueKind): WordDefinition {
  return { name, isOptional: false, ...(kind === undefined ? {} : { kind }) };
}

/** A word that may be left out; those after it may be too. */
export function optional(name: string, kind?: ValueKind): WordDefinition {
  return { ...word(name, kind), isOptional: true };
}

/** An option of a magic; its name is the key that it is defined under. */
export interface OptionDefinition {
  /** One letter: `f` for `-f`. */
  readonly short?: string;
  /** What stands for the value in the usage (`NAME`); absent for a flag. */
  readonly value?: string;
  /** Whether it may be given several times, or with commas. */
  readonly multiple?: boolean;
  /** The values that it takes, where they are few. */
  readonly choices?: readonly string[];
  /** What the value names; `suggestions` are words that it takes besides. */
  readonly kind?: ValueKind;
  readonly suggestions?: readonly string[];
  readonly summary: string;
}

/** A form of a magic: of the whole magic, or of one of its actions (`%snapshot delete`). */
export interface Form {
  /** The word that chooses this form; absent for the form without one. */
  readonly action?: string;
  /** The words that it takes, in order. */
  readonly takes: readonly WordDefinition[];
  /** Names of its options. */
  readonly options?: readonly string[];
  /** Whether it takes `name=EXPRESSION`. */
  readonly parameters?: boolean;
  /** Whether it is a cell magic: `%%` and lines below. */
  readonly cell?: boolean;
  /**
   * Whether it saves something under the word that it takes, so that a misspelt action must not be
   * taken for that word.
   */
  readonly makesName?: boolean;
  /** Whether its result can be assigned: `x = %consume …`. */
  readonly assignable?: boolean;
  readonly summary: string;
  run(call: MagicCall, context: MagicContext): Promise<void>;
}

/** A magic. Help, `%name?`, completion, usage errors and the argument parser all
 * come from this. */
export interface MagicDefinition {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs for the help. */
  readonly description?: readonly string[];
  readonly forms: readonly Form[];
  readonly options?: Readonly<Record<string, OptionDefinition>>;
  /** Options that people try and that there must not be, with a sentence that says why. */
  readonly refuses?: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
}

/** A magic as it was called, its arguments read and checked. */
export interface MagicCall {
  readonly invocation: MagicInvocation;
  readonly arguments: Arguments;
}
