import { EntitySchema } from 'typeorm';

export interface LoginFailureRow {
  key: string;
  at: Date;
}

/** The table has no key; an entity must name one. */
export const LoginFailureEntity = new EntitySchema<LoginFailureRow>({
  name: 'LoginFailure',
  tableName: 'login_failures',
  columns: {
    key: { type: 'text', primary: true },
    at: { type: 'timestamptz', primary: true },
  },
});
