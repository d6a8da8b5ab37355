import { EntitySchema } from 'typeorm';

export interface UserRow {
  id: string;
  email: string | null;
  emailVerifiedAt: Date | null;
  passwordHash: string | null;
  displayName: string;
  avatarUrl: string | null;
  statusText: string | null;
  guest: boolean;
  admin: boolean;
  presence: string;
  lastSeenAt: Date | null;
  createdAt: Date;
  deletedAt: Date | null;
  suspendedAt: Date | null;
  bot: string | null;
  locale: string | null;
}

export const UserEntity = new EntitySchema<UserRow>({
  name: 'User',
  tableName: 'users',
  columns: {
    id: { type: 'uuid', primary: true },
    email: { type: 'text', nullable: true },
    emailVerifiedAt: { type: 'timestamptz', name: 'email_verified_at', nullable: true },
    passwordHash: { type: 'text', name: 'password_hash', nullable: true },
    displayName: { type: 'text', name: 'display_name' },
    avatarUrl: { type: 'text', name: 'avatar_url', nullable: true },
    statusText: { type: 'text', name: 'status_text', nullable: true },
    guest: { type: 'boolean' },
    admin: { type: 'boolean' },
    presence: { type: 'text' },
    lastSeenAt: { type: 'timestamptz', name: 'last_seen_at', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    deletedAt: { type: 'timestamptz', name: 'deleted_at', nullable: true },
    suspendedAt: { type: 'timestamptz', name: 'suspended_at', nullable: true },
    bot: { type: 'text', nullable: true },
    locale: { type: 'text', nullable: true },
  },
});
