import { EntitySchema } from 'typeorm';

export interface SessionRow {
  id: string;
  userId: string;
  deviceId: string | null;
  userAgent: string | null;
  address: string | null;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  generation: number;
  rotatedAt: Date[];
}

export const SessionEntity = new EntitySchema<SessionRow>({
  name: 'Session',
  tableName: 'sessions',
  columns: {
    id: { type: 'uuid', primary: true },
    userId: { type: 'uuid', name: 'user_id' },
    deviceId: { type: 'text', name: 'device_id', nullable: true },
    userAgent: { type: 'text', name: 'user_agent', nullable: true },
    address: { type: 'text', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    lastUsedAt: { type: 'timestamptz', name: 'last_used_at' },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    revokedAt: { type: 'timestamptz', name: 'revoked_at', nullable: true },
    generation: { type: 'integer' },
    rotatedAt: { type: 'timestamptz', name: 'rotated_at', array: true },
  },
});
