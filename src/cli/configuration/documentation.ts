import {
  CONFIG_DEFAULTS,
  type NamedSetting,
  SETTINGS,
  settingsOf,
  variableOf,
} from '../../server/settings/index.js';

/** All settings as the table of docs/server-administration.md, in Markdown. */
export function settingsTable(): string {
  const rows = settingsOf(SETTINGS, CONFIG_DEFAULTS).map(rowOf);
  return [
    '| setting | meaning | value | default | environment | option |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function rowOf(named: NamedSetting): string {
  const { name, setting } = named;
  const { isInFile, isSecret, option } = setting.details;
  const variable = variableOf(named);
  const variables = variable === null ? '' : `\`${variable}\`${isSecret ? ', `…_FILE`' : ''}`;
  const cells = [
    isInFile === false ? `${name} (not in the file)` : `\`${name}\``,
    setting.description,
    setting.kind.expected + (isSecret ? ', `{"file": …}` or `{"environment": …}`' : ''),
    defaultOf(named),
    variables,
    option === undefined ? '' : `\`${option}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultOf(named: NamedSetting): string {
  const { defaultText, isRequired } = named.setting.details;
  if (defaultText !== undefined) return defaultText;
  if (isRequired) return 'required';
  const value = named.default;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return typeof value === 'object' ? `\`${JSON.stringify(value)}\`` : `${value}`;
}
