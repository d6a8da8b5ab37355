import { EntitySchema } from 'typeorm';

interface BlockRow {
  userId: string;
  blockedId: string;
  createdAt: Date;
}

export const BlockEntity = new EntitySchema<BlockRow>({
  name: 'Block',
  tableName: 'blocks',
  columns: {
    userId: { type: 'uuid', primary: true, name: 'user_id' },
    blockedId: { type: 'uuid', primary: true, name: 'blocked_id' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});

interface ReportRow {
  id: string;
  reporterId: string;
  userId: string;
  conversationId: string | null;
  messageId: string | null;
  body: string | null;
  reason: string;
  status: string;
  createdAt: Date;
  resolvedAt: Date | null;
  resolvedBy: string | null;
  note: string | null;
}

export const ReportEntity = new EntitySchema<ReportRow>({
  name: 'Report',
  tableName: 'reports',
  columns: {
    id: { type: 'uuid', primary: true },
    reporterId: { type: 'uuid', name: 'reporter_id' },
    userId: { type: 'uuid', name: 'user_id' },
    conversationId: { type: 'uuid', name: 'conversation_id', nullable: true },
    messageId: { type: 'uuid', name: 'message_id', nullable: true },
    body: { type: 'text', nullable: true },
    reason: { type: 'text' },
    status: { type: 'text' },
    createdAt: { type: 'timestamptz', precision: 3, name: 'created_at' },
    resolvedAt: { type: 'timestamptz', precision: 3, name: 'resolved_at', nullable: true },
    resolvedBy: { type: 'uuid', name: 'resolved_by', nullable: true },
    note: { type: 'text', nullable: true },
  },
});

interface AuditRow {
  id: string;
  at: Date;
  actorId: string | null;
  action: string;
  targetType: string | null;
  targetId: string | null;
  address: string | null;
  details: object;
}

export const AuditEntity = new EntitySchema<AuditRow>({
  name: 'Audit',
  tableName: 'audit_log',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    at: { type: 'timestamptz', precision: 3 },
    actorId: { type: 'uuid', name: 'actor_id', nullable: true },
    action: { type: 'text' },
    targetType: { type: 'text', name: 'target_type', nullable: true },
    targetId: { type: 'uuid', name: 'target_id', nullable: true },
    address: { type: 'text', nullable: true },
    details: { type: 'jsonb' },
  },
});
