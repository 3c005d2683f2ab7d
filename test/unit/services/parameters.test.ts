import { describe, expect, it } from 'vitest';
import { compileValidator } from '../../../src/server/services/parameters.js';

const check = (type: string, json: string) =>
  compileValidator([{ name: 'x', type }])(Buffer.from(`{"x":${json}}`));

describe('the validator of a service', () => {
  it.each([
    ['integer', '3'],
    ['integer', '3.0'],
    ['integer', '-1e3'],
    ['numeric', '2.5'],
    ['numeric', '"NaN"'],
    ['numeric', '"-Infinity"'],
    ['character', '""'],
    ['string', '"a"'],
    ['logical', 'false'],
    ['vector', '[]'],
    ['vector', '[1,"a",null]'],
    ['matrix', '[]'],
    ['matrix', '[[1,2],[3,null]]'],
    ['data.frame', '{}'],
    ['data.frame', '{"a":[1,2],"b":["x","y"]}'],
    ['dataframe', '[{"a":1},{"a":2}]'],
    ['integer', 'null'],
    ['matrix', 'null'],
  ])('takes for %s the value %s', (type, json) => {
    expect(() => check(type, json)).not.toThrow();
  });

  it.each([
    ['integer', '3.5'],
    ['integer', '"3"'],
    ['integer', 'true'],
    ['numeric', '"2.5"'],
    ['numeric', '[2.5]'],
    ['character', '5'],
    ['logical', '0'],
    ['logical', '"true"'],
    ['vector', '5'],
    ['vector', '{}'],
    ['matrix', '[1]'],
    ['matrix', '[[1],[1,2]]'],
    ['matrix', '[[1],null]'],
    ['data.frame', '"a"'],
    ['data.frame', '{"a":1}'],
    ['data.frame', '{"a":[1],"b":[]}'],
    ['data.frame', '[1]'],
    ['data.frame', '[[1]]'],
  ])('refuses for %s the value %s', (type, json) => {
    expect(() => check(type, json)).toThrow(/The parameter x is .* not of its type .*\. Send /);
  });

  it('names a missing parameter even when every object has a property of that name', () => {
    const validate = compileValidator([{ name: 'constructor', type: 'vector' }]);
    expect(() => validate(Buffer.from('{}'))).toThrow('The parameter constructor is missing');
  });

  it('refuses __proto__ as it refuses other unknown names', () => {
    const validate = compileValidator([]);
    expect(() => validate(Buffer.from('{"__proto__":{"x":1}}'))).toThrow(
      'no parameter "__proto__". The service takes no parameters',
    );
  });

  it('never shows a text or what is in an array, which may be private', () => {
    expect(() => check('numeric', '"my secret"')).toThrow(/^(?!.*secret)/s);
    expect(() => check('numeric', '["my secret"]')).toThrow(/^(?!.*secret)/s);
  });

  it('takes an empty body for an empty object', () => {
    expect(() => compileValidator([])(Buffer.alloc(0))).not.toThrow();
  });
});
