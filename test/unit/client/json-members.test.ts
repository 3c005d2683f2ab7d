import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonMembersError, jsonMembers } from '../../../src/client/json-members.js';

describe('jsonMembers', () => {
  it('keeps numbers as they are written', () => {
    const text = '{"a":9.0,"b":9007199254740993,"c":[1.0,{"d":1e400}]}';
    expect(Object.fromEntries(jsonMembers(text))).toEqual({
      a: '9.0',
      b: '9007199254740993',
      c: '[1.0,{"d":1e400}]',
    });
  });

  it('is not misled by what stands in strings', () => {
    const text = '{ "a\\"}" : "],{\\\\" , "b" : { "c" : "}" } }';
    expect([...jsonMembers(text)]).toEqual([
      ['a"}', '"],{\\\\"'],
      ['b', '{ "c" : "}" }'],
    ]);
  });

  it('splits every object into texts that parse to its members', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.constantFrom(undefined, 2),
        (object, indent) => {
          const expected = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
          const members = jsonMembers(JSON.stringify(object, null, indent));
          expect([...members.keys()]).toEqual(Object.keys(expected));
          for (const [key, text] of members) expect(JSON.parse(text)).toEqual(expected[key]);
        },
      ),
    );
  });

  it.each(['[]', '"a"', '', '{"a":1', '{"a":"'])('refuses %j', (text) => {
    expect(() => jsonMembers(text)).toThrow(JsonMembersError);
  });
});
