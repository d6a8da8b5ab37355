import { EntitySchema } from 'typeorm';

export interface MemberRow {
  conversationId: string;
  userId: string;
  role: string;
  joinedAt: Date;
  firstSeq: string;
  readSeq: string;
  receiptSeq: string;
  deliveredSeq: string;
  level: string;
  favourite: boolean;
  /** How far each thread was read, by its root's id. */
  threadReads: Record<string, number>;
  leftAt: Date | null;
  leftReason: string | null;
  lastReadableSeq: string | null;
  changedXid: string;
  /** Grows by a trigger with whatever the member's own picture (`ConversationMe`) shows, counts aside. */
  version: string;
}

export const MemberEntity = new EntitySchema<MemberRow>({
  name: 'Member',
  tableName: 'members',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    userId: { type: 'uuid', name: 'user_id', primary: true },
    role: { type: 'text' },
    joinedAt: { type: 'timestamptz', precision: 3, name: 'joined_at' },
    firstSeq: { type: 'bigint', name: 'first_seq' },
    readSeq: { type: 'bigint', name: 'read_seq' },
    receiptSeq: { type: 'bigint', name: 'receipt_seq' },
    deliveredSeq: { type: 'bigint', name: 'delivered_seq' },
    level: { type: 'text' },
    favourite: { type: 'boolean' },
    threadReads: { type: 'jsonb', name: 'thread_reads' },
    leftAt: { type: 'timestamptz', precision: 3, name: 'left_at', nullable: true },
    leftReason: { type: 'text', name: 'left_reason', nullable: true },
    lastReadableSeq: { type: 'bigint', name: 'last_readable_seq', nullable: true },
    changedXid: { type: 'bigint', name: 'changed_xid' },
    version: { type: 'bigint' },
  },
});
