import { EntitySchema } from 'typeorm';

export interface RetentionSettingsRow {
  id: number;
  messagesDays: number | null;
  auditDays: number | null;
}

export const RetentionSettingsEntity = new EntitySchema<RetentionSettingsRow>({
  name: 'RetentionSettings',
  tableName: 'retention_settings',
  columns: {
    id: { type: 'smallint', primary: true },
    messagesDays: { type: 'integer', name: 'messages_days', nullable: true },
    auditDays: { type: 'integer', name: 'audit_days', nullable: true },
  },
});
