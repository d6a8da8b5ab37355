import { EntitySchema } from 'typeorm';

export interface EntryRow {
  conversationId: string;
  seq: string;
  id: string;
  type: string;
  actorId: string;
  clientMsgId: string | null;
  at: Date;
  hidden: boolean;
  data: unknown;
}

export const EntryEntity = new EntitySchema<EntryRow>({
  name: 'Entry',
  tableName: 'entries',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    seq: { type: 'bigint', primary: true },
    id: { type: 'uuid' },
    type: { type: 'text' },
    actorId: { type: 'uuid', name: 'actor_id' },
    clientMsgId: { type: 'uuid', name: 'client_msg_id', nullable: true },
    at: { type: 'timestamptz', precision: 3 },
    hidden: { type: 'boolean' },
    data: { type: 'jsonb' },
  },
});
