import { EntitySchema } from 'typeorm';

export interface JobRow {
  id: string;
  kind: string;
  key: string | null;
  payload: unknown;
  runAt: Date;
  attempts: number;
  lease: string | null;
  createdAt: Date;
  failedAt: Date | null;
  lastError: string | null;
}

export const JobEntity = new EntitySchema<JobRow>({
  name: 'Job',
  tableName: 'jobs',
  columns: {
    id: { type: 'bigint', primary: true },
    kind: { type: 'text' },
    key: { type: 'text', nullable: true },
    payload: { type: 'jsonb' },
    runAt: { type: 'timestamptz', name: 'run_at' },
    attempts: { type: 'integer' },
    lease: { type: 'uuid', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    failedAt: { type: 'timestamptz', name: 'failed_at', nullable: true },
    lastError: { type: 'text', name: 'last_error', nullable: true },
  },
});
