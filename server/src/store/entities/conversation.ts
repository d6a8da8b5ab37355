import { EntitySchema } from 'typeorm';

export interface ConversationRow {
  id: string;
  kind: string;
  title: string | null;
  topic: string | null;
  history: string;
  matched: boolean;
  archived: boolean;
  createdBy: string;
  createdAt: Date;
  lastSeq: string;
  lastAt: Date;
  previousAt: Date | null;
  memberVersion: number;
  memberCount: number;
  routing: string;
  directKey: string | null;
  clientId: string | null;
  deletedAt: Date | null;
  changedXid: string;
  trimmedSeq: string;
  retentionDays: number | null;
}

export const ConversationEntity = new EntitySchema<ConversationRow>({
  name: 'Conversation',
  tableName: 'conversations',
  columns: {
    id: { type: 'uuid', primary: true },
    kind: { type: 'text' },
    title: { type: 'text', nullable: true },
    topic: { type: 'text', nullable: true },
    history: { type: 'text' },
    matched: { type: 'boolean' },
    archived: { type: 'boolean' },
    createdBy: { type: 'uuid', name: 'created_by' },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    lastSeq: { type: 'bigint', name: 'last_seq' },
    lastAt: { type: 'timestamptz', precision: 3, name: 'last_at' },
    previousAt: { type: 'timestamptz', precision: 3, name: 'previous_at', nullable: true },
    memberVersion: { type: 'integer', name: 'member_version' },
    memberCount: { type: 'integer', name: 'member_count' },
    routing: { type: 'text' },
    directKey: { type: 'text', name: 'direct_key', nullable: true },
    clientId: { type: 'uuid', name: 'client_id', nullable: true },
    deletedAt: { type: 'timestamptz', name: 'deleted_at', nullable: true },
    changedXid: { type: 'bigint', name: 'changed_xid' },
    trimmedSeq: { type: 'bigint', name: 'trimmed_seq' },
    retentionDays: { type: 'integer', name: 'retention_days', nullable: true },
  },
});
