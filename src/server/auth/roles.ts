import type { AuthorizationConfig } from '../config.js';
import type { Role } from '../store/index.js';

/** From the one who may do the least. */
export const ROLES = ['Reader', 'Contributor', 'Owner'] as const satisfies readonly Role[];

/**
 * The role of a user by their groups, as R Server has it. The highest counts that one of the groups
 * gives. Whoever has none of the declared groups is a Contributor while no group of Contributors is
 * declared, and a Reader otherwise.
 * @param groups of the user
 * @param isSame whether a group of the user is the one that a setting names
 */
export function roleOf(
  groups: readonly string[],
  authorization: Pick<AuthorizationConfig, 'owner' | 'contributor' | 'reader'>,
  isSame: (group: string, declared: string) => boolean = Object.is,
): Role {
  const has = (declared: readonly string[]) =>
    declared.some((name) => groups.some((group) => isSame(group, name)));
  const { owner, contributor, reader } = authorization;
  if (has(owner)) return 'Owner';
  if (has(contributor)) return 'Contributor';
  if (has(reader)) return 'Reader';
  return contributor.length > 0 ? 'Reader' : 'Contributor';
}
