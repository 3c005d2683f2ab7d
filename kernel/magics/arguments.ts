import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { MagicInvocation } from '../magic-context.js';
import type { Form, MagicDefinition, OptionDefinition } from './definition.js';
import { formUsage } from './help.js';
import { PARAMETER } from './parameter.js';
import { didYouMean, nearest } from './suggest.js';
import { type Token, TokenError, tokenize } from './tokens.js';
import { UsageError } from './usage-error.js';

/** The arguments of a call, checked against the form that it uses. */
export interface Arguments {
  /** The word at a place; it is there unless the form lets it be left out. */
  word(position: number): Token;
  optionalWord(position: number): Token | undefined;
  /** Python source by parameter name. */
  readonly parameters: ReadonlyMap<string, string>;
  flag(option: string): boolean;
  value(option: string): string | undefined;
  /** All values of an option that may be given several times; undefined when it is not given. */
  values(option: string): readonly string[] | undefined;
}

/** What a line asks for: help, or one of the forms with its arguments. */
export type ParsedLine =
  | { readonly help: true }
  | { readonly help: false; readonly form: Form; readonly arguments: Arguments };

/**
 * Reads the arguments of a magic by its definition.
 * @throws {UsageError} naming what is wrong and how to write it.
 */
export function parseArguments(magic: MagicDefinition, invocation: MagicInvocation): ParsedLine {
  const { words, parameters, options, help } = readLine(magic, invocation.args);
  if (help) return { help: true };
  const form = chooseForm(magic, invocation, words);
  const rest = form.action === undefined ? words : words.slice(1);
  checkWords(magic, form, rest);
  checkOptions(magic, form, options);
  if (parameters.size > 0 && !form.parameters) {
    const [name] = parameters.keys();
    throw new UsageError(`%${magic.name} takes no "${name}=…". Usage: ${formUsage(magic, form)}`);
  }
  if (invocation.assignTo !== undefined && !form.assignable) {
    throw new UsageError(`%${magic.name} has no value to assign to "${invocation.assignTo}".`);
  }
  return { help: false, form, arguments: argumentsOf(rest, parameters, options) };
}

interface Line {
  words: Token[];
  parameters: Map<string, string>;
  options: Map<string, string[]>;
  help: boolean;
}

function readLine(magic: MagicDefinition, text: string): Line {
  const tokens = readTokens(magic, text);
  const known: Record<string, OptionDefinition> = {
    ...magic.options,
    help: { short: 'h', summary: 'Shows this help.' },
  };
  const line: Line = { words: [], parameters: new Map(), options: new Map(), help: false };
  // `strict` is off because its messages know neither the magic nor what was probably meant.
  const { tokens: parsed } = parseArgs({
    args: tokens.map((token) => (PARAMETER.test(token.raw) ? token.raw : token.text)),
    options: parserOptions(known),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const part of parsed) {
    const token = tokens[part.index];
    if (part.kind === 'option') readOption(magic, known, part, line);
    else if (part.kind === 'positional' && token !== undefined) readWord(magic, token, line);
  }
  line.help = line.options.has('help');
  return line;
}

function readTokens(magic: MagicDefinition, text: string): Token[] {
  try {
    return tokenize(text);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new UsageError(`%${magic.name}: ${error.message}`);
  }
}

function parserOptions(
  known: Readonly<Record<string, OptionDefinition>>,
): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(known).map(([name, option]) => [
      name,
      {
        type: option.value === undefined ? 'boolean' : 'string',
        multiple: true,
        ...(option.short === undefined ? {} : { short: option.short }),
      } as const,
    ]),
  );
}

interface OptionPart {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readOption(
  magic: MagicDefinition,
  known: Readonly<Record<string, OptionDefinition>>,
  part: OptionPart,
  line: Line,
): void {
  const option = known[part.name];
  if (option === undefined) {
    const reason = magic.refuses?.[part.name];
    if (reason !== undefined) throw new UsageError(reason);
    const flags = Object.keys(known).map((name) => `--${name}`);
    const hint = didYouMean(part.rawName, flags) || ` See %${magic.name} -h.`;
    throw new UsageError(`%${magic.name} has no option ${part.rawName}.${hint}`);
  }
  if (option.value === undefined) {
    if (part.inlineValue) {
      throw new UsageError(`%${magic.name}: ${part.rawName} is a flag and takes no value.`);
    }
    line.options.set(part.name, []);
    return;
  }
  const { value } = part;
  if (value === undefined || (!part.inlineValue && /^-./.test(value))) {
    const form = `${part.rawName} ${option.value}`;
    throw new UsageError(`%${magic.name}: ${part.rawName} needs a value: ${form}.`);
  }
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const choices = option.choices.join(', ');
    throw new UsageError(
      `%${magic.name}: ${part.rawName} takes one of ${choices}, not "${value}".${didYouMean(value, option.choices)}`,
    );
  }
  const earlier = line.options.get(part.name) ?? [];
  if (earlier.length > 0 && !option.multiple) {
    throw new UsageError(`%${magic.name}: ${part.rawName} is given twice.`);
  }
  line.options.set(part.name, [...earlier, value]);
}

function readWord(magic: MagicDefinition, token: Token, line: Line): void {
  const [, name, expression] = PARAMETER.exec(token.raw) ?? [];
  if (name === undefined || expression === undefined) {
    if (token.raw.startsWith('=')) {
      throw new UsageError(`%${magic.name}: write name=VALUE without spaces around "=".`);
    }
    line.words.push(token);
    return;
  }
  if (expression === '') {
    throw new UsageError(
      `%${magic.name}: "${name}=" has no value. Write it without spaces, or in parentheses: ${name}=(a + b).`,
    );
  }
  if (line.parameters.has(name)) {
    throw new UsageError(`%${magic.name}: "${name}" is given twice.`);
  }
  line.parameters.set(name, expression);
}

function chooseForm(
  magic: MagicDefinition,
  invocation: MagicInvocation,
  words: readonly Token[],
): Form {
  const cell = invocation.body !== undefined;
  const forms = magic.forms.filter((form) => (form.cell ?? false) === cell);
  if (forms.length === 0) {
    throw new UsageError(`%%${magic.name} is no cell magic. Write %${magic.name} on a line.`);
  }
  const first = words[0];
  // A word in quotes is a name, never an action: %snapshot "list" saves under that name.
  const action = first?.raw === first?.text ? first?.text : undefined;
  const chosen = forms.find((form) => form.action !== undefined && form.action === action);
  if (chosen !== undefined) return chosen;
  const plain = forms.find((form) => form.action === undefined);
  const fits = plain !== undefined && words.length <= plain.takes.length;
  const actions = forms.flatMap((form) => form.action ?? []);
  if (fits) {
    const meant = plain.makesName && action !== undefined ? nearest(action, actions) : undefined;
    if (meant === undefined) return plain;
    throw new UsageError(
      `%${magic.name} does not know "${action}". Did you mean "${meant}"? If it is a name, write %${magic.name} "${action}".`,
    );
  }
  if (actions.length === 0 && plain !== undefined) return plain;
  if (first === undefined) {
    throw new UsageError(
      `%${magic.name} needs one of ${actions.join(', ')}. See %${magic.name} -h.`,
    );
  }
  const hint = didYouMean(first.text, actions) || ` It knows ${actions.join(', ')}.`;
  const quotes = plain === undefined ? '' : ' Names with spaces go in quotes.';
  throw new UsageError(`%${magic.name} does not know "${first.text}".${hint}${quotes}`);
}

function checkWords(magic: MagicDefinition, form: Form, words: readonly Token[]): void {
  const missing = form.takes.slice(words.length).find(({ isOptional }) => !isOptional);
  if (missing !== undefined) {
    throw new UsageError(
      `${callName(magic, form)} needs ${missing.name}. Usage: ${formUsage(magic, form)}`,
    );
  }
  const extra = words[form.takes.length];
  if (extra !== undefined) {
    const hint = form.parameters
      ? 'Values go in as name=VALUE; an expression with spaces goes in parentheses: x=(a + b).'
      : 'Names with spaces go in quotes.';
    throw new UsageError(
      `${callName(magic, form)} does not expect "${extra.text}". ${hint} Usage: ${formUsage(magic, form)}`,
    );
  }
}

function checkOptions(
  magic: MagicDefinition,
  form: Form,
  options: ReadonlyMap<string, readonly string[]>,
): void {
  for (const name of options.keys()) {
    if (!(form.options ?? []).includes(name)) {
      throw new UsageError(
        `${callName(magic, form)} takes no --${name}. Usage: ${formUsage(magic, form)}`,
      );
    }
  }
}

function callName(magic: MagicDefinition, form: Form): string {
  const percent = form.cell ? '%%' : '%';
  return `${percent}${magic.name}${form.action === undefined ? '' : ` ${form.action}`}`;
}

function argumentsOf(
  words: readonly Token[],
  parameters: ReadonlyMap<string, string>,
  options: ReadonlyMap<string, readonly string[]>,
): Arguments {
  return {
    word(position) {
      const word = words[position];
      if (word === undefined) throw new RangeError(`The form takes no word ${position}.`);
      return word;
    },
    optionalWord: (position) => words[position],
    parameters,
    flag: (option) => options.has(option),
    value: (option) => options.get(option)?.[0],
    values: (option) => options.get(option)?.flatMap(splitList),
  };
}

/** `a.png, b.csv` as two values. */
function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
