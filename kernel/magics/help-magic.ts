import { type MagicDefinition, optional } from './definition.js';
import { helpView, overviewView } from './help.js';
import { show } from './show.js';
import { didYouMean } from './suggest.js';
import { UsageError } from './usage-error.js';

/** `%help`: it is given the table that it is part of. */
export function helpMagic(magics: () => readonly MagicDefinition[]): MagicDefinition {
  return {
    name: 'help',
    summary: 'Lists the magics, or explains one.',
    forms: [
      {
        takes: [optional('MAGIC', 'magic')],
        summary: 'Explains a magic; without a name, lists all.',
        async run(call, context) {
          const word = call.arguments.optionalWord(0);
          if (word === undefined) return show(context, overviewView(magics()));
          const name = word.text.replace(/^%+/, '');
          const magic = magics().find((each) => each.name === name);
          if (magic === undefined) {
            const names = magics().map((each) => each.name);
            throw new UsageError(
              `%help knows no magic "${name}".${didYouMean(name, names)} %lsmagic lists IPython's own.`,
            );
          }
          show(context, helpView(magic));
        },
      },
    ],
    examples: ['%help', '%help publish'],
  };
}
