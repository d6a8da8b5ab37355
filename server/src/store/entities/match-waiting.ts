import { EntitySchema } from 'typeorm';

export interface MatchWaitingRow {
  userId: string;
  seenAt: Date;
}

export const MatchWaitingEntity = new EntitySchema<MatchWaitingRow>({
  name: 'MatchWaiting',
  tableName: 'match_waiting',
  columns: {
    userId: { type: 'uuid', name: 'user_id', primary: true },
    seenAt: { type: 'timestamptz', name: 'seen_at' },
  },
});
