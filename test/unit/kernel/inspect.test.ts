import { describe, expect, it } from 'vitest';
import { inspectMagic } from '../../../kernel/inspect.js';

/** Inspects at the `|` and returns the text of the answer. */
async function inspect(marked: string): Promise<string | undefined> {
  const [before = '', after = ''] = marked.split('|');
  const content = { code: before + after, cursor_pos: [...before].length, detail_level: 0 };
  const answer = await inspectMagic(Buffer.from(JSON.stringify(content)));
  return (answer as { data: Record<string, string> } | undefined)?.data['text/plain'];
}

describe('inspection of a magic', () => {
  it.each([
    'x = "😀"\n%pub|lish f Iris',
    '|%publish',
    '%publish|?',
    '?%publish|',
    '%publish predict Ir|is V1.0',
    '%publish predict Iris V1.0 |',
    '%%publish Iris| V1\npass',
  ])('shows its help with examples: %s', async (line) => {
    const text = await inspect(line);
    expect(text).toMatch(/^%publish\n/);
    expect(text).toContain('Examples:\n    %publish predict_species Iris V1.0');
  });

  it.each([
    ['%publish predict Iris --snap|shot none', /^--snapshot auto\|none\|S\n/],
    ['%publish predict Iris --upd|ate', /Changes the version if it is there already/],
    ['%session close -|f', /^-f, --force\n/],
    ['%connect http://host --auth|=ldap', /Values +admin, ldap, aad, token/],
  ])('shows the help of the option under the cursor: %s', async (line, text) => {
    expect(await inspect(line)).toMatch(text);
  });

  it.each([
    'pub|lish',
    '%timeit| x',
    'x = 1 %pub|lish',
    '%consume Iris V1 flower_data=ro|w',
    '%publish predi|ct Iris',
    '%%publish Iris V1\nprint|(1)',
  ])('is left to the session on Python: %s', async (line) => {
    expect(await inspect(line)).toBeUndefined();
  });
});
