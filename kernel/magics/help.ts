import type { MimeBundle } from '../magic-context.js';
import { type Block, code, toBundle, type View } from '../output/index.js';
import type { Form, MagicDefinition } from './definition.js';

/** A form with more options than these shows them in the table below alone. */
const OPTIONS_SPELLED_OUT = 3;

/** The usage of one form: `%snapshot load S`. */
export function formUsage(magic: MagicDefinition, form: Form): string {
  const parts = [`${form.cell ? '%%' : '%'}${magic.name}`];
  if (form.action !== undefined) parts.push(form.action);
  parts.push(...form.takes);
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
