import type { OwnUser, User } from '@chatcluster/protocol';

export interface UserRow {
  id: string;
  display_name: string;
  avatar_url: string | null;
  status_text: string | null;
  guest: boolean;
  bot: 'bot' | 'webhook' | null;
}

export interface OwnUserRow extends UserRow {
  email: string | null;
  email_verified: boolean;
  admin: boolean;
  locale: string | null;
}

const columns = ['id', 'display_name', 'avatar_url', 'status_text', 'guest', 'bot'];

export function userColumns(alias: string): string {
  return columns.map((c) => `${alias}.${c}`).join(', ');
}

export function ownUserColumns(alias: string): string {
  return `${userColumns(alias)}, ${alias}.email, ${alias}.email_verified_at is not null as email_verified, ${alias}.admin, ${alias}.locale`;
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    displayName: row.display_name,
    avatarUrl: row.avatar_url ?? undefined,
    statusText: row.status_text ?? undefined,
    guest: row.guest,
    ...(row.bot && { bot: row.bot }),
  };
}

export function toOwnUser(row: OwnUserRow): OwnUser {
  return {
    ...toUser(row),
    email: row.email ?? undefined,
    emailVerified: row.email_verified,
    admin: row.admin,
    ...(row.locale && { locale: row.locale }),
  };
}

/** What others may see of it. */
export function toPublic({ email: _email, emailVerified: _verified, admin: _admin, locale: _locale, ...user }: OwnUser): User {
  return user;
}
