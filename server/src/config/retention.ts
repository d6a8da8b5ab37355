import type { RetentionDays, RetentionSettings } from '@chatcluster/protocol';
import { type Env, integer } from './env.ts';

export interface RetentionConfig {
  /** Messages older than this are removed; 0: kept for ever. */
  messagesDays: number;
  /** Lines of the audit log; 0: kept for ever. */
  auditDays: number;
  sweepSeconds: number;
}

const MAX_DAYS = 36_500;

export function parseRetentionConfig(env: Env): RetentionConfig {
  return {
    messagesDays: integer(env, 'RETENTION_MESSAGES_DAYS', 0, { max: MAX_DAYS }),
    auditDays: integer(env, 'RETENTION_AUDIT_DAYS', 0, { max: MAX_DAYS }),
    sweepSeconds: integer(env, 'RETENTION_SWEEP_SECONDS', 3_600, { min: 1, max: 86_400 }),
  };
}

/** What counts: an administrator's word, else that of the environment. null: an administrator has said nothing. */
export function effectiveRetention(
  { sweepSeconds, ...defaults }: RetentionConfig,
  said: { [K in keyof RetentionDays]: number | null },
): RetentionSettings {
  return {
    messagesDays: said.messagesDays ?? defaults.messagesDays,
    auditDays: said.auditDays ?? defaults.auditDays,
    defaults,
    sweepSeconds,
  };
}
