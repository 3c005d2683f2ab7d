import { ClientError, resolveConfiguration, type SettingOrigin } from '../../client/index.js';
import { type Check, failed, passed } from './check.js';

/** What was found about the settings, and which server they name. */
export interface SettingsCheck {
  readonly check: Check;
  /** Address of the server that is configured, absent for this user's own. */
  readonly remote: string | undefined;
  /** Where the login stands, such as `SLIPWAY_PASSWORD`; absent when nowhere. */
  readonly loginAt: string | undefined;
}

/** Whether the settings make sense, and where each of them comes from; secrets are not shown. */
export async function checkSettings(env: NodeJS.ProcessEnv): Promise<SettingsCheck> {
  try {
    const { url, origins, login } = await resolveConfiguration({ env });
    const told = origins.filter(({ source }) => source !== 'default').map(describe);
    const detail = told.length === 0 ? 'none: your own server is used' : told.join('\n');
    return { check: passed('settings', detail), remote: url, loginAt: login?.where };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const fix = 'Correct it; docs/configuration.md has all settings and their places.';
    const check = failed('settings', error.message, fix);
    return { check, remote: undefined, loginAt: undefined };
  }
}

function describe({ key, value, source, where }: SettingOrigin): string {
  const shown = value === undefined ? key : `${key} ${value}`;
  return `${shown} (${source === 'config file' ? '' : `${source}, `}${where})`;
}
