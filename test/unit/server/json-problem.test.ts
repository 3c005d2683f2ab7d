import { expect, it } from 'vitest';
import { jsonProblem } from '../../../src/server/json-problem.js';

it.each([
  ['{"n":}', "unexpected token '}'"],
  ['[,]', "unexpected token ','"],
  ['{"x":NaN}', "unexpected token 'N'"],
  ['{"x":1', "expected ',' or '}' after property value (line 1 column 7)"],
  ['{"x":1\n "y":2}', "expected ',' or '}' after property value (line 2 column 2)"],
  ["{'x':1}", "expected property name or '}' (line 1 column 2)"],
  ['{"x":"a\nb"}', 'bad control character in string literal (line 1 column 8)'],
  ['', 'unexpected end of JSON input'],
  ['{"secret":"😀"} 😀', 'unexpected non-whitespace character after JSON (line 1 column 17)'],
])('%j: %s', (text, problem) => {
  let thrown: unknown;
  try {
    JSON.parse(text);
  } catch (error) {
    thrown = error;
  }
  expect(jsonProblem(thrown as SyntaxError)).toBe(problem);
});
