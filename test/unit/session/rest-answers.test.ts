import { describe, expect, it } from 'vitest';
import { completeFromNames, kernelInfo, noDebugger } from '../../../src/session/rest-answers.js';
import { CellHistory } from '../../../src/session/rest-history.js';

const KNOWN = {
  python: '3.5.2',
  hasIPython: false,
  banner: 'Python 3.5.2',
  names: ['meadow', 'meal', 'élan'],
  functions: [],
};

describe('what a plain session’s link answers by itself', () => {
  it.each([
    ['mea', 3, ['meadow', 'meal'], 0],
    ['😀 + mead', 8, ['meadow'], 4],
    ['x = él', 6, ['élan'], 4],
    ['meadow.me', 9, [], 7],
    ['', 0, [], 0],
    ['(', 1, [], 1],
  ])('completes %j at %i from the names it knows', (code, cursor_pos, matches, start) => {
    expect(completeFromNames({ code, cursor_pos }, KNOWN)).toEqual({
      status: 'ok',
      matches,
      cursor_start: start,
      cursor_end: cursor_pos,
      metadata: {},
    });
  });

  it('says what language the session has, and offers no feature', () => {
    expect(kernelInfo(KNOWN)).toMatchObject({
      language_info: { name: 'python', version: '3.5.2', pygments_lexer: 'python3' },
      supported_features: [],
    });
    expect(kernelInfo({ ...KNOWN, hasIPython: true })).toMatchObject({
      language_info: { pygments_lexer: 'ipython3' },
    });
  });

  it('answers the debugger as its protocol has it', () => {
    expect(noDebugger({ type: 'request', seq: 7, command: 'initialize' })).toMatchObject({
      type: 'response',
      request_seq: 7,
      success: false,
      command: 'initialize',
    });
  });
});

describe('the history of a link', () => {
  const history = new CellHistory();
  for (const [index, input] of ['a = 1', 'b = [a]', 'a = 1', 'print(b)'].entries()) {
    history.add(index + 1, input);
  }
  const ask = (request: object) =>
    (history.answer({ output: false, raw: true, ...request }) as { history: unknown[] }).history;

  it('tells the last cells', () => {
    expect(ask({ hist_access_type: 'tail', n: 2 })).toEqual([
      [1, 3, 'a = 1'],
      [1, 4, 'print(b)'],
    ]);
    expect(ask({ hist_access_type: 'tail', n: 0 })).toEqual([]);
  });

  it('tells a range, whose end does not count', () => {
    expect(ask({ hist_access_type: 'range', session: 0, start: 2, stop: 3 })).toEqual([
      [1, 2, 'b = [a]'],
    ]);
  });

  it('finds cells by a pattern in which brackets are text', () => {
    expect(ask({ hist_access_type: 'search', pattern: 'b = [?]' })).toEqual([[1, 2, 'b = [a]']]);
    expect(ask({ hist_access_type: 'search', pattern: 'a*', unique: true })).toEqual([
      [1, 3, 'a = 1'],
    ]);
  });

  it('has a place for outputs, which it does not keep', () => {
    expect(ask({ hist_access_type: 'tail', n: 1, output: true })).toEqual([
      [1, 4, ['print(b)', null]],
    ]);
  });
});
