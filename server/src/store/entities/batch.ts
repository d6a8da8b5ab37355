import { EntitySchema } from 'typeorm';

export interface BatchRow {
  id: string;
  xid: string;
  createdAt: Date;
  claimedAt: Date | null;
  publishedAt: Date | null;
  conversationIds: string[];
  fromSeqs: string[];
  toSeqs: string[];
}

export const BatchEntity = new EntitySchema<BatchRow>({
  name: 'Batch',
  tableName: 'batches',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    xid: { type: 'bigint' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    claimedAt: { type: 'timestamptz', name: 'claimed_at', nullable: true },
    publishedAt: { type: 'timestamptz', name: 'published_at', nullable: true },
    conversationIds: { type: 'uuid', name: 'conversation_ids', array: true },
    fromSeqs: { type: 'bigint', name: 'from_seqs', array: true },
    toSeqs: { type: 'bigint', name: 'to_seqs', array: true },
  },
});
