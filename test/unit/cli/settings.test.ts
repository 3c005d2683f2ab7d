import { describe, expect, it } from 'vitest';
import { CommandError } from '../../../src/cli/errors.js';
import { apiLevel, dataDirectory, logLevel, portNumber } from '../../../src/cli/settings.js';

describe('settings of the command line', () => {
  it('take the data directory from the option, then SLIPWAY_HOME, then XDG_DATA_HOME', () => {
    const env = { SLIPWAY_HOME: '/b', XDG_DATA_HOME: '/c' };
    expect(dataDirectory('/a', env)).toBe('/a');
    expect(dataDirectory(undefined, env)).toBe('/b');
    expect(dataDirectory(undefined, { XDG_DATA_HOME: '/c' })).toBe('/c/slipway');
  });

  it('take the port from the option, then SLIPWAY_PORT', () => {
    expect(portNumber('1', { SLIPWAY_PORT: '2' })).toBe(1);
    expect(portNumber(undefined, { SLIPWAY_PORT: '2' })).toBe(2);
    expect(portNumber(undefined, {})).toBeUndefined();
  });

  it.each(['x', '-1', '65536', '1.5', '0x10'])('refuse %s as a port', (text) => {
    expect(() => portNumber(text, {})).toThrow(CommandError);
  });

  it('take 9.1 as an API and refuse others', () => {
    expect(apiLevel('9.1')).toBe('9.1');
    expect(apiLevel(undefined)).toBeUndefined();
    expect(() => apiLevel('9.2')).toThrow(/--api 9\.1/);
  });

  it('refuse an unknown level of logging and list the known ones', () => {
    expect(() => logLevel({ SLIPWAY_LOG_LEVEL: 'loud' })).toThrow(/trace, debug, info/);
  });
});
