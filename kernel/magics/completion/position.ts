import type { Form, MagicDefinition, OptionDefinition } from '../definition.js';
import { PARAMETER } from '../parameter.js';
import { type Token, tokenizeUnfinished } from '../tokens.js';

/** What is expected where a line of a magic ends. `start` and texts are those of the last word. */
export type ExpectedPart =
  | {
      readonly kind: 'option value';
      readonly option: OptionDefinition;
      readonly word: Token;
    }
  | { readonly kind: 'option'; readonly names: readonly string[]; readonly word: Token }
  | { readonly kind: 'python'; readonly code: string; readonly start: number }
  | {
      readonly kind: 'word';
      /** The forms that it may be a word of. */
      readonly forms: readonly Form[];
      /** Words before this one, without that of the action. */
      readonly before: readonly Token[];
      /** The words that would choose another form here, unless they are in quotes. */
      readonly actions: readonly string[];
      /** Names of parameters that are given already. */
      readonly given: ReadonlySet<string>;
      readonly word: Token;
    };

interface Options {
  readonly [name: string]: OptionDefinition;
}

/**
 * What may come at the end of the arguments of a magic, as far as they are written.
 * @returns undefined within a comment.
 */
export function expectedPart(
  magic: MagicDefinition,
  isCell: boolean,
  args: string,
): ExpectedPart | undefined {
  const { words, current } = tokenizeUnfinished(args);
  if (current === undefined) return undefined;
  const options: Options = magic.options ?? {};
  const used = new Set<string>();
  const given = new Set<string>();
  const positional: Token[] = [];
  let awaiting: OptionDefinition | undefined;
  for (const word of words) {
    const option = awaiting === undefined ? optionOf(options, word.text) : undefined;
    const parameter = PARAMETER.exec(word.raw)?.[1];
    if (awaiting !== undefined) awaiting = undefined;
    else if (option !== undefined) {
      used.add(option.name);
      if (option.definition.value !== undefined && !option.hasValue) awaiting = option.definition;
    } else if (parameter !== undefined) given.add(parameter);
    else if (!word.raw.startsWith('-')) positional.push(word);
  }
  const { forms, before, isChosen } = possibleForms(magic, isCell, positional);
  if (awaiting !== undefined) return { kind: 'option value', option: awaiting, word: current };
  if (current.raw.startsWith('-')) return optionPart(options, forms, used, current);
  const parameter = PARAMETER.exec(current.raw);
  if (parameter !== null && forms.some((form) => form.parameters)) {
    const [, name = '', code = ''] = parameter;
    return { kind: 'python', code, start: current.start + name.length + 1 };
  }
  const taking = isChosen ? forms : forms.filter(({ action }) => action === undefined);
  const actions = isChosen ? [] : forms.flatMap(({ action }) => action ?? []);
  return { kind: 'word', forms: taking, before, actions, given, word: current };
}

function optionPart(
  options: Options,
  forms: readonly Form[],
  used: ReadonlySet<string>,
  current: Token,
): ExpectedPart {
  const equals = current.raw.indexOf('=');
  const inline = equals < 0 ? undefined : optionOf(options, current.text);
  if (inline?.hasValue) {
    const word = {
      raw: current.raw.slice(equals + 1),
      text: current.text.slice(current.text.indexOf('=') + 1),
      start: current.start + equals + 1,
    };
    return { kind: 'option value', option: inline.definition, word };
  }
  const names = Object.keys(options).filter((name) => {
    const isTaken = used.has(name) && options[name]?.multiple !== true;
    return !isTaken && forms.some((form) => form.options?.includes(name));
  });
  return { kind: 'option', names: [...names, 'help'], word: current };
}

/** The option that a word is, and whether its value stands in the same word. */
export function optionOf(
  options: Options,
  text: string,
): { name: string; definition: OptionDefinition; hasValue: boolean } | undefined {
  const [, dashes, written, value] = /^(--?)([A-Za-z][\w-]*)(=.*)?$/s.exec(text) ?? [];
  const found = Object.entries(options).find(([name, { short }]) =>
    dashes === '--' ? name === written : short !== undefined && short === written,
  );
  if (found === undefined) return undefined;
  return { name: found[0], definition: found[1], hasValue: value !== undefined };
}

/**
 * The forms that the words written so far leave, the words that count in them, and whether one of
 * the words has settled which forms these are.
 */
function possibleForms(
  magic: MagicDefinition,
  isCell: boolean,
  words: readonly Token[],
): { forms: readonly Form[]; before: readonly Token[]; isChosen: boolean } {
  const forms = magic.forms.filter((form) => (form.cell ?? false) === isCell);
  const [first] = words;
  if (first === undefined) return { forms, before: [], isChosen: false };
  const action = first.raw === first.text ? first.text : undefined;
  const chosen = forms.filter((form) => form.action !== undefined && form.action === action);
  if (chosen.length > 0) return { forms: chosen, before: words.slice(1), isChosen: true };
  const plain = forms.filter((form) => form.action === undefined);
  return { forms: plain, before: words, isChosen: true };
}
