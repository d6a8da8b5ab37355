import { EntitySchema } from 'typeorm';

export interface DutyRow {
  onlyRow: boolean;
  holder: string;
  until: Date;
}

export const DutyEntity = new EntitySchema<DutyRow>({
  name: 'Duty',
  tableName: 'duties',
  columns: {
    onlyRow: { type: 'boolean', name: 'only_row', primary: true },
    holder: { type: 'uuid' },
    until: { type: 'timestamptz' },
  },
});
