import type { MagicContext, MagicInvocation } from '../magic-context.js';
import type { Arguments } from './arguments.js';

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
  readonly summary: string;
}

/** A form of a magic: of the whole magic, or of one of its actions (`%snapshot delete`). */
export interface Form {
  /** The word that chooses this form; absent for the form without one. */
  readonly action?: string;
  /** Names of the words that it takes, in order; those in brackets may be left out. */
  readonly takes: readonly string[];
  /** Names of its options. */
  readonly options?: readonly string[];
  /** Whether it takes `name=EXPRESSION`. */
  readonly parameters?: boolean;
  /** Whether it is a cell magic: `%%` and lines below. */
  readonly cell?: boolean;
  /** Whether its result can be assigned: `x = %consume …`. */
  readonly assignable?: boolean;
  readonly summary: string;
  run(call: MagicCall, context: MagicContext): Promise<void>;
}

/** A magic. Help, `%name?`, usage errors and the argument parser all come from this. */
export interface MagicDefinition {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs for the help. */
  readonly description?: readonly string[];
  readonly forms: readonly Form[];
  readonly options?: Readonly<Record<string, OptionDefinition>>;
  readonly examples: readonly string[];
}

/** A magic as it was called, its arguments read and checked. */
export interface MagicCall {
  readonly invocation: MagicInvocation;
  readonly arguments: Arguments;
}
