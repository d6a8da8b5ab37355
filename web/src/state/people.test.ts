import type { Role } from '@chatcluster/protocol';
import { describe, expect, test } from 'vitest';
import { canRemove, rolesToGive } from './people.ts';

const all: Role[] = ['owner', 'admin', 'member', 'readonly'];

describe('what a role may do about others', () => {
  test.each<[Role, Role[], Role[]]>([
    ['owner', all, all],
    ['admin', ['member', 'readonly'], ['member', 'readonly']],
    ['member', [], ['readonly']],
    ['readonly', [], []],
  ])('%s removes %j', (own, removed, given) => {
    expect(all.filter((role) => canRemove(own, role))).toEqual(removed);
    expect(rolesToGive(own)).toEqual(given);
  });
});
