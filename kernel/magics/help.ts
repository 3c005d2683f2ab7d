import type { MimeBundle } from '../magic-context.js';
import { type Block, code, type Inline, toBundle, type View } from '../output/index.js';
import type { Form, MagicDefinition } from './definition.js';

/** A form with more options than these shows them in the table below alone. */
const OPTIONS_SPELLED_OUT = 3;

/** The usage of one form: `%snapshot load S`. */
export function formUsage(magic: MagicDefinition, form: Form): string {
  const parts = [`${form.cell ? '%%' : '%'}${magic.name}`];
  if (form.action !== undefined) parts.push(form.action);
  parts.push(...form.takes.map(({ name, isOptional }) => (isOptional ? `[${name}]` : name)));
  if (form.parameters) parts.push('name=VALUE …');
  const options = form.options ?? [];
  if (options.length > OPTIONS_SPELLED_OUT) parts.push('[OPTIONS]');
  else parts.push(...options.map((name) => `[${optionUsage(magic, name)}]`));
  const usage = parts.join(' ');
  return form.assignable ? `[x =] ${usage}` : usage;
}

function optionUsage(magic: MagicDefinition, name: string): string {
  const value = magic.options?.[name]?.value;
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** The help of one magic, from its definition. */
export function helpView(magic: MagicDefinition): View {
  const usages = magic.forms.map((form) => [code(formUsage(magic, form)), form.summary] as const);
  const options = Object.entries(magic.options ?? {}).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    return [code(`${short}${optionUsage(magic, name)}`), option.summary] as const;
  });
  const blocks: Block[] = [
    { kind: 'note', text: magic.summary },
    ...(magic.description ?? []).map((text) => ({ kind: 'note', text }) as const),
    {
      kind: 'table',
      columns: [{ title: 'Usage' }, { title: 'What it does' }],
      rows: usages,
      empty: '',
    },
  ];
  if (options.length > 0) {
    const columns = [{ title: 'Option' }, { title: 'Meaning' }];
    blocks.push({ kind: 'table', columns, rows: options, empty: '' });
  }
  blocks.push({ kind: 'code', title: 'Examples', source: magic.examples.join('\n') });
  return {
    title: code(`%${magic.name}`),
    blocks,
    data: {
      name: magic.name,
      summary: magic.summary,
      usage: magic.forms.map((form) => formUsage(magic, form)),
      options: options.map(([option, summary]) => ({ option: option.text, summary })),
      examples: [...magic.examples],
    },
  };
}

/** The help of one option: what it means, what it takes, and where it is used. */
export function optionHelpView(magic: MagicDefinition, name: string): View {
  const option = magic.options?.[name];
  const short = option?.short === undefined ? '' : `-${option.short}, `;
  const usage = `${short}${optionUsage(magic, name)}`;
  const words = option?.choices ?? option?.suggestions ?? [];
  const forms = magic.forms.filter((form) => form.options?.includes(name));
  const examples = magic.examples.filter((example) => example.includes(`--${name}`));
  const rows: [string, Inline][] = forms.map((form) => ['Usage', code(formUsage(magic, form))]);
  if (words.length > 0) rows.unshift(['Values', words.join(', ')]);
  if (option?.multiple) rows.unshift(['Several', 'with commas, or by giving it again']);
  const blocks: Block[] = [
    { kind: 'note', text: option?.summary ?? '' },
    { kind: 'fields', rows },
  ];
  if (examples.length > 0) {
    blocks.push({ kind: 'code', title: 'Example', source: examples.join('\n') });
  }
  blocks.push({ kind: 'note', tone: 'muted', text: `All of %${magic.name}: %help ${magic.name}` });
  return {
    title: code(usage),
    blocks,
    data: { magic: magic.name, option: usage, summary: option?.summary ?? '' },
  };
}

/** The list of all magics, from their definitions. */
export function overviewView(magics: readonly MagicDefinition[]): View {
  return {
    title: 'Magics of Slipway',
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'Magic' }, { title: 'What it does' }],
        rows: magics.map((magic) => [code(`%${magic.name}`), magic.summary]),
        empty: '',
      },
      {
        kind: 'note',
        text: 'Help on one: %help NAME, or %NAME -h. Every other magic is IPython’s: see %lsmagic.',
        tone: 'muted',
      },
    ],
    data: magics.map(({ name, summary }) => ({ name, summary })),
  };
}

/** The help of one magic as an answer to `%name?`. */
export function helpBundle(magic: MagicDefinition): MimeBundle {
  return toBundle(helpView(magic));
}
