import type { LinkPreview } from '@chatcluster/protocol';
import { EntitySchema } from 'typeorm';

export interface LinkPreviewRow {
  urlHash: Buffer;
  host: string;
  fetchedBy: string;
  fetchedAt: Date;
  expiresAt: Date;
  preview: LinkPreview | null;
}

export const LinkPreviewEntity = new EntitySchema<LinkPreviewRow>({
  name: 'LinkPreview',
  tableName: 'link_previews',
  columns: {
    urlHash: { type: 'bytea', name: 'url_hash', primary: true },
    host: { type: 'text' },
    fetchedBy: { type: 'uuid', name: 'fetched_by' },
    fetchedAt: { type: 'timestamptz', name: 'fetched_at' },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    preview: { type: 'jsonb', nullable: true },
  },
});
