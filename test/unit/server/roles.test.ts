import { describe, expect, it } from 'vitest';
import { roleOf } from '../../../src/server/auth/index.js';

const none = { owner: [], contributor: [], reader: [] };

describe('the role of a user by their groups', () => {
  it.each([
    ['no role is declared', none, ['Analysts'], 'Contributor'],
    ['only Owners are declared, for others', { owner: ['Admins'] }, ['Analysts'], 'Contributor'],
    ['only Owners are declared, for them', { owner: ['Admins'] }, ['Admins'], 'Owner'],
    ['Contributors are declared, for others', { contributor: ['R'] }, ['Analysts'], 'Reader'],
    ['Contributors are declared, for who has no group', { contributor: ['R'] }, [], 'Reader'],
    ['Contributors are declared, for them', { contributor: ['R'] }, ['R'], 'Contributor'],
    ['only Readers are declared, for them', { reader: ['Guests'] }, ['Guests'], 'Reader'],
    ['only Readers are declared, for others', { reader: ['Guests'] }, ['R'], 'Contributor'],
    [
      'several groups have one, the highest',
      { owner: ['Admins'], contributor: ['R'], reader: ['Guests'] },
      ['Guests', 'R', 'Admins'],
      'Owner',
    ],
    [
      'the same group is declared twice, the highest',
      { contributor: ['R'], reader: ['R'] },
      ['R'],
      'Contributor',
    ],
    ['a group differs in case', { owner: ['Admins'] }, ['admins'], 'Contributor'],
  ] as const)('when %s', (_, declared, groups, role) => {
    expect(roleOf(groups, { ...none, ...declared })).toBe(role);
  });

  it('compares groups as its caller does', () => {
    const ignoreCase = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    expect(roleOf(['ADMINS'], { ...none, owner: ['Admins'] }, ignoreCase)).toBe('Owner');
  });
});
