import { EntitySchema } from 'typeorm';

export interface TicketRow {
  hash: Buffer;
  sessionId: string;
  userId: string;
  expiresAt: Date;
  usedAt: Date | null;
}

export const TicketEntity = new EntitySchema<TicketRow>({
  name: 'Ticket',
  tableName: 'tickets',
  columns: {
    hash: { type: 'bytea', primary: true },
    sessionId: { type: 'uuid', name: 'session_id' },
    userId: { type: 'uuid', name: 'user_id' },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    usedAt: { type: 'timestamptz', name: 'used_at', nullable: true },
  },
});
