import { EntitySchema } from 'typeorm';

export interface SigningKeyRow {
  kid: string;
  privateJwk: unknown;
  createdAt: Date;
  retiredAt: Date | null;
}

export const SigningKeyEntity = new EntitySchema<SigningKeyRow>({
  name: 'SigningKey',
  tableName: 'signing_keys',
  columns: {
    kid: { type: 'text', primary: true },
    privateJwk: { type: 'jsonb', name: 'private_jwk' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    retiredAt: { type: 'timestamptz', name: 'retired_at', nullable: true },
  },
});

export interface PublishedKeyRow {
  kid: string;
  publicJwk: unknown;
  createdAt: Date;
  seenAt: Date;
}

export const PublishedKeyEntity = new EntitySchema<PublishedKeyRow>({
  name: 'PublishedKey',
  tableName: 'published_keys',
  columns: {
    kid: { type: 'text', primary: true },
    publicJwk: { type: 'jsonb', name: 'public_jwk' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    seenAt: { type: 'timestamptz', name: 'seen_at' },
  },
});
