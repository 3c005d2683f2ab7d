import { describe, expect, it } from 'vitest';
import { checkName, define } from '../../../src/server/services/definition.js';
import { ExclusiveTasks } from '../../../src/server/services/exclusive.js';

const code = 'y = x';
const x = { name: 'x', type: 'numeric' };

describe('a definition', () => {
  it('keeps what a patch leaves out or sends as null, and empties what is []', () => {
    const before = define({
      code,
      initCode: 'k = 1',
      description: 'Before',
      operationId: 'op',
      inputParameterDefinitions: [x],
      outputFileNames: ['a.png'],
    });
    expect(define({}, before)).toEqual(before);
    expect(define({ code: null, description: null, initCode: null }, before)).toEqual(before);
    expect(define({ inputParameterDefinitions: [], outputFileNames: [] }, before)).toEqual({
      ...before,
      inputs: [],
      outputFileNames: [],
    });
  });

  it('keeps the spelling of types and the order of parameters', () => {
    const inputs = [
      { name: 'b', type: 'dataframe' },
      { name: 'a', type: 'string' },
    ];
    expect(define({ code, inputParameterDefinitions: inputs }).inputs).toEqual(inputs);
  });

  it('takes every identifier of Python, and nothing else, as the name of a parameter', () => {
    const named = (name: string) => () =>
      define({ code, inputParameterDefinitions: [{ name, type: 'numeric' }] });
    for (const name of ['_', 'x1', 'größe', '变量', 'self']) expect(named(name)).not.toThrow();
    for (const name of ['', '1x', 'a b', 'a-b', 'a.b', 'lambda', 'None', 'x\n']) {
      expect(named(name)).toThrow('cannot be a variable in Python');
    }
  });

  it('refuses output files outside of the working directory, or named twice', () => {
    const files =
      (...names: string[]) =>
      () =>
        define({ code, outputFileNames: names });
    expect(files('a.png', 'sub/b.csv')).not.toThrow();
    for (const name of ['', '/a', 'a/', '../a', 'a/../b', './a', 'a\0', 'C:\\a']) {
      expect(files(name)).toThrow('outputFileNames');
    }
    expect(files('a', 'a')).toThrow('twice');
  });
});

describe('the name of a service', () => {
  it.each(['Iris', 'v1.0.0-alpha', 'a!b@c', '...', 'ü'.repeat(128)])('may be %j', (name) => {
    expect(() => checkName('name', name)).not.toThrow();
  });

  it.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb', '\u007f', 'x'.repeat(129)])(
    'may not be %j',
    (name) => {
      expect(() => checkName('version', name)).toThrow('The version');
    },
  );
});

describe('exclusive tasks', () => {
  it('of one key run after each other, those of another key meanwhile', async () => {
    const tasks = new ExclusiveTasks();
    const log: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = tasks.run('a', async () => {
      await first.promise;
      log.push('a1');
    });
    const two = tasks.run('a', async () => log.push('a2'));
    await tasks.run('b', async () => log.push('b1'));
    first.resolve();
    await Promise.all([one, two]);
    expect(log).toEqual(['b1', 'a1', 'a2']);
  });

  it('run also after one that failed', async () => {
    const tasks = new ExclusiveTasks();
    const failing = tasks.run('a', () => Promise.reject(new Error('no')));
    const next = tasks.run('a', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
