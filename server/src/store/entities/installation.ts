import { EntitySchema } from 'typeorm';

export interface InstallationRow {
  onlyRow: boolean;
  epoch: string;
  systemIdentifier: string;
  createdAt: Date;
}

export const InstallationEntity = new EntitySchema<InstallationRow>({
  name: 'Installation',
  tableName: 'installation',
  columns: {
    onlyRow: { type: 'boolean', name: 'only_row', primary: true },
    epoch: { type: 'bigint' },
    systemIdentifier: { type: 'text', name: 'system_identifier' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});
