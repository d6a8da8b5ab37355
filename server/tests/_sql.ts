import { runSql } from '@chatcluster/tools/testing';

export async function makeAdmin(databaseUrl: string, userId: string): Promise<void> {
  await runSql(databaseUrl, 'update users set admin = true where id = $1', [userId]);
}
