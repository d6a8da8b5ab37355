import type { Role } from '@chatcluster/protocol';
import type { StringKey } from '../../strings.ts';

export const roleNames = { owner: 'owner', admin: 'admin', member: 'roleMember', readonly: 'readonlyRole' } as const satisfies Record<
  Role,
  StringKey
>;
