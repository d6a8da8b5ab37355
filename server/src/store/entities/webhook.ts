import { EntitySchema } from 'typeorm';

interface WebhookEntityRow {
  id: string;
  conversationId: string;
  kind: string;
  name: string;
  userId: string | null;
  url: string | null;
  events: string[];
  secret: Buffer | null;
  seq: string;
  failures: number;
  disabledAt: Date | null;
  createdBy: string;
  createdAt: Date;
  clientId: string | null;
}

export const WebhookEntity = new EntitySchema<WebhookEntityRow>({
  name: 'Webhook',
  tableName: 'webhooks',
  columns: {
    id: { type: 'uuid', primary: true },
    conversationId: { type: 'uuid', name: 'conversation_id' },
    kind: { type: 'text' },
    name: { type: 'text' },
    userId: { type: 'uuid', name: 'user_id', nullable: true },
    url: { type: 'text', nullable: true },
    events: { type: 'text', array: true },
    secret: { type: 'bytea', nullable: true },
    seq: { type: 'bigint' },
    failures: { type: 'integer' },
    disabledAt: { type: 'timestamptz', precision: 3, name: 'disabled_at', nullable: true },
    createdBy: { type: 'uuid', name: 'created_by' },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    clientId: { type: 'uuid', name: 'client_id', nullable: true },
  },
});
