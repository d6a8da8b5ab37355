import { EntitySchema } from 'typeorm';

export interface MailTokenRow {
  hash: Buffer;
  purpose: string;
  userId: string | null;
  data: unknown;
  createdAt: Date;
  expiresAt: Date;
}

export const MailTokenEntity = new EntitySchema<MailTokenRow>({
  name: 'MailToken',
  tableName: 'mail_tokens',
  columns: {
    hash: { type: 'bytea', primary: true },
    purpose: { type: 'text' },
    userId: { type: 'uuid', name: 'user_id', nullable: true },
    data: { type: 'jsonb' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
  },
});

export interface UserTotpRow {
  userId: string;
  secret: string;
  confirmedAt: Date | null;
  lastStep: string;
  createdAt: Date;
}

export const UserTotpEntity = new EntitySchema<UserTotpRow>({
  name: 'UserTotp',
  tableName: 'user_totp',
  columns: {
    userId: { type: 'uuid', name: 'user_id', primary: true },
    secret: { type: 'text' },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    lastStep: { type: 'bigint', name: 'last_step' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});

export interface RecoveryCodeRow {
  userId: string;
  hash: Buffer;
}

export const RecoveryCodeEntity = new EntitySchema<RecoveryCodeRow>({
  name: 'RecoveryCode',
  tableName: 'recovery_codes',
  columns: { userId: { type: 'uuid', name: 'user_id', primary: true }, hash: { type: 'bytea', primary: true } },
});

export interface IdentityRow {
  provider: string;
  subject: string;
  userId: string;
  createdAt: Date;
  lastUsedAt: Date;
}

export const IdentityEntity = new EntitySchema<IdentityRow>({
  name: 'Identity',
  tableName: 'identities',
  columns: {
    provider: { type: 'text', primary: true },
    subject: { type: 'text', primary: true },
    userId: { type: 'uuid', name: 'user_id' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    lastUsedAt: { type: 'timestamptz', name: 'last_used_at' },
  },
});

export interface UsedChallengeRow {
  hash: Buffer;
  expiresAt: Date;
}

export const UsedChallengeEntity = new EntitySchema<UsedChallengeRow>({
  name: 'UsedChallenge',
  tableName: 'used_challenges',
  columns: { hash: { type: 'bytea', primary: true }, expiresAt: { type: 'timestamptz', name: 'expires_at' } },
});

export interface UsedAdminLinkRow {
  hash: Buffer;
  userId: string;
  usedAt: Date;
}

export const UsedAdminLinkEntity = new EntitySchema<UsedAdminLinkRow>({
  name: 'UsedAdminLink',
  tableName: 'used_admin_links',
  columns: {
    hash: { type: 'bytea', primary: true },
    userId: { type: 'uuid', name: 'user_id' },
    usedAt: { type: 'timestamptz', name: 'used_at' },
  },
});
