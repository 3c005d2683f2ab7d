import { resolveSettings, type SettingOptions } from './configuration/index.js';

/** Checks the configuration as `slipway server run` would, and shows what it comes to. */
export async function showConfig(options: SettingOptions & { json?: boolean }): Promise<void> {
  const { file, origins } = await resolveSettings(options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ file: file ?? null, settings: origins }, null, 2)}\n`);
    return;
  }
  const rows = origins.map(({ name, value, source, where }) => [
    name,
    value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value),
    where === '' ? source : `${source}: ${where}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
  process.stdout.write(`\nconfiguration file: ${file ?? 'none'}\n`);
}
