import { EntitySchema } from 'typeorm';

interface InviteRow {
  id: string;
  conversationId: string;
  code: string;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  maxUses: number | null;
  uses: number;
  revokedAt: Date | null;
  clientId: string | null;
}

export const InviteEntity = new EntitySchema<InviteRow>({
  name: 'Invite',
  tableName: 'invites',
  columns: {
    id: { type: 'uuid', primary: true },
    conversationId: { type: 'uuid', name: 'conversation_id' },
    code: { type: 'text' },
    createdBy: { type: 'uuid', name: 'created_by' },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    expiresAt: { type: 'timestamptz', precision: 3, name: 'expires_at' },
    maxUses: { type: 'integer', name: 'max_uses', nullable: true },
    uses: { type: 'integer' },
    revokedAt: { type: 'timestamptz', precision: 3, name: 'revoked_at', nullable: true },
    clientId: { type: 'uuid', name: 'client_id', nullable: true },
  },
});
