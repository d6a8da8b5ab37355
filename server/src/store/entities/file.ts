import { EntitySchema } from 'typeorm';

export interface FileEntityRow {
  id: string;
  /** Null: the picture of a link preview. */
  ownerId: string | null;
  clientId: string | null;
  purpose: string;
  name: string;
  type: string;
  bytes: string;
  sha256: Buffer;
  parts: number;
  state: string;
  width: number | null;
  height: number | null;
  preview: string | null;
  hasThumbnail: boolean;
  createdAt: Date;
  attachedAt: Date | null;
}

export const FileEntity = new EntitySchema<FileEntityRow>({
  name: 'File',
  tableName: 'files',
  columns: {
    id: { type: 'uuid', primary: true },
    ownerId: { type: 'uuid', name: 'owner_id', nullable: true },
    clientId: { type: 'uuid', name: 'client_id', nullable: true },
    purpose: { type: 'text' },
    name: { type: 'text' },
    type: { type: 'text' },
    bytes: { type: 'bigint' },
    sha256: { type: 'bytea' },
    parts: { type: 'integer' },
    state: { type: 'text' },
    width: { type: 'integer', nullable: true },
    height: { type: 'integer', nullable: true },
    preview: { type: 'text', nullable: true },
    hasThumbnail: { type: 'boolean', name: 'has_thumbnail' },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    attachedAt: { type: 'timestamptz', precision: 3, name: 'attached_at', nullable: true },
  },
});

export interface FileUseRow {
  fileId: string;
  conversationId: string;
  messageId: string;
}

export const FileUseEntity = new EntitySchema<FileUseRow>({
  name: 'FileUse',
  tableName: 'file_uses',
  columns: {
    fileId: { type: 'uuid', name: 'file_id', primary: true },
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    messageId: { type: 'uuid', name: 'message_id', primary: true },
  },
});
