import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addSettingOptions } from '../../../src/cli/setting-options.js';

it('the help of settings is text, not Markdown', () => {
  const help = addSettingOptions(new Command()).helpInformation();
  expect(help).toContain('--isolation');
  expect(help).toMatch(/--log-file <path>\s+file that the log is written to \(SLIPWAY_LOG_FILE\)/);
  expect(help).not.toMatch(/`|\]\(/);
});
