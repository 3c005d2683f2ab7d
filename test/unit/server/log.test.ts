import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/server/log.js';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog('info', { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

describe('the log', () => {
  it.each([
    { password: 'hunter22' },
    { body: { username: 'ada', password: 'hunter22' } },
    { request: { headers: { authorization: 'Bearer hunter22' } } },
    { answer: { access_token: 'hunter22', refresh_token: 'hunter22' } },
    { body: { refreshToken: 'hunter22' } },
  ])('blots out secrets in %j', (record) => {
    const text = logged((log) => log.info(record, 'a record'));
    expect(text).toContain('a record');
    expect(text).not.toContain('hunter22');
    expect(text).toContain('[redacted]');
  });

  it('tells an error with its cause', () => {
    const text = logged((log) =>
      log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed'),
    );
    expect(text).toContain('outer');
    expect(text).toContain('inner');
  });
});
