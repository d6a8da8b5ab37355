import { EntitySchema } from 'typeorm';

export interface ReactionRow {
  conversationId: string;
  messageId: string;
  emoji: string;
  userId: string;
  createdAt: Date;
  /** The entry by which the emoji came to the message, whoever took theirs back since. Null: older than the column. */
  firstSeq: string | null;
}

export const ReactionEntity = new EntitySchema<ReactionRow>({
  name: 'Reaction',
  tableName: 'reactions',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    messageId: { type: 'uuid', name: 'message_id', primary: true },
    emoji: { type: 'text', primary: true },
    userId: { type: 'uuid', name: 'user_id', primary: true },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    firstSeq: { type: 'bigint', name: 'first_seq', nullable: true },
  },
});
