import Type, { type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { CreateSessionRequest, ExecuteRequest, LoginRequest } from '../../../src/api/index.js';
import { describeMismatch } from '../../../src/server/validation-message.js';

function sentence(schema: TSchema, value: unknown, part = 'body'): string {
  return describeMismatch(Compile(schema).Errors(value), schema, part).sentence;
}

describe('the sentence for a request that does not match its schema', () => {
  it('names a missing field and what it must be', () => {
    expect(sentence(LoginRequest, { username: 'admin' })).toBe(
      'body.password is missing: it must be a string.',
    );
  });

  it('lists the values that a field may have', () => {
    expect(sentence(CreateSessionRequest, { runtimeType: 'Perl' })).toBe(
      'body.runtimeType is not valid: it must be "R", "Python" or null.',
    );
  });

  it('names the innermost field of a nested mismatch', () => {
    const request = {
      code: '1',
      inputParameters: [
        { name: 'a', value: 1 },
        { name: 5, value: 2 },
      ],
    };
    expect(sentence(ExecuteRequest, request)).toBe(
      'body.inputParameters[1].name is not valid: it must be a string.',
    );
  });

  it('names a field that is missing inside of a list', () => {
    expect(sentence(ExecuteRequest, { code: '1', inputParameters: [{ name: 'a' }] })).toBe(
      'body.inputParameters[0].value is missing: it must be any JSON value.',
    );
  });

  it('tells limits of length', () => {
    expect(sentence(CreateSessionRequest, { name: 'x'.repeat(300) })).toBe(
      'body.name is not valid: it must be a string (at most 256 characters) or null.',
    );
  });

  it('says that the body itself must be an object', () => {
    expect(sentence(LoginRequest, [])).toBe('body is not valid: it must be a JSON object.');
  });

  it('calls the parts of a URL query and params', () => {
    const schema = Type.Object({ parallelCount: Type.Integer({ minimum: 1 }) });
    expect(sentence(schema, { parallelCount: 0 }, 'querystring')).toBe(
      'query.parallelCount is not valid: it must be an integer (at least 1).',
    );
  });

  it('never repeats the value, which may be a secret', () => {
    const text = sentence(LoginRequest, { username: 'admin', password: ['hunter2'] });
    expect(text).not.toContain('hunter2');
  });
});
