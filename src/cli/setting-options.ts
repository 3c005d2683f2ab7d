import type { Command } from 'commander';
import { CONFIG_DEFAULTS, SETTINGS, settingsOf, variableOf } from '../server/settings/index.js';

/** A description of a setting, which is Markdown, as a terminal shows it. */
const plainText = (markdown: string) =>
  markdown.replaceAll('`', '').replaceAll(/, see \[[^\]]*\]\([^)]*\)/g, '');

/** Adds the options of all settings that have one, `--config` and `--set`. */
export function addSettingOptions(command: Command): Command {
  command.option('--config <path>', 'the configuration file (SLIPWAY_SERVER_CONFIG)');
  for (const named of settingsOf(SETTINGS, CONFIG_DEFAULTS)) {
    const { kind, description, details } = named.setting;
    if (details.option === undefined) continue;
    const isSwitch = named.default === false;
    const variable = variableOf(named);
    const notes = [variable, isSwitch ? undefined : named.default].filter((note) => note != null);
    const end = notes.length > 0 ? ` (${notes.join('; ')})` : '';
    command.option(
      isSwitch ? details.option : `${details.option} ${kind.placeholder}`,
      plainText(description) + end,
    );
  }
  return command.option(
    '--set <name=value>',
    'any setting of the configuration file: --set maxSessions=200',
    (pair: string, before: readonly string[] = []) => [...before, pair],
  );
}
