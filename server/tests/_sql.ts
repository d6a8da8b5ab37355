import pg from 'pg';

/** One statement over a connection of its own: what no route does, such as making the first administrator. */
export async function runSql<T extends pg.QueryResultRow>(databaseUrl: string, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

export async function makeAdmin(databaseUrl: string, userId: string): Promise<void> {
  await runSql(databaseUrl, 'update users set admin = true where id = $1', [userId]);
}
