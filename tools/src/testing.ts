import { createHash, randomBytes } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client, type QueryResultRow } from 'pg';

const root = join(import.meta.dirname, '..', '..');
const migrateFile = join(root, 'server/src/store/migrate.ts');
/** Any constant: it only keeps two test processes from making the template twice. */
const templateLock = 7_214_001;

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run tests with: npx node tools/src/test.ts <suite> [files]`);
  return value;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The name carries a hash of the store's sources, so a changed migration never meets an old template. */
function templateName(): string {
  const hash = createHash('sha256');
  for (const file of globSync('server/src/store/**/*.{ts,sql}', { cwd: root }).sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return `chat_template_${hash.digest('hex').slice(0, 16)}`;
}

async function migrate(url: string): Promise<void> {
  if (!existsSync(migrateFile)) return;
  const module = (await import(pathToFileURL(migrateFile).href)) as { migrate(databaseUrl: string): Promise<void> };
  await module.migrate(url);
}

/** Built under another name and renamed at the end: a crash in the middle leaves no half-migrated template. */
async function ensureTemplate(server: string, client: Client): Promise<string> {
  const name = templateName();
  const exists = async () => (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount === 1;
  if (await exists()) return name;
  await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
  try {
    if (await exists()) return name;
    const building = `${name}_building`;
    await client.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${building}`);
    await migrate(withDatabase(server, building));
    await client.query(`ALTER DATABASE ${building} RENAME TO ${name}`);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [templateLock]);
  }
  return name;
}

/**
 * Ended pools say goodbye without waiting for Postgres: a forced drop at that moment is told to a client that nobody listens to
 * any more, as an uncaught error. What is still connected after a second was left behind, and is cut off.
 */
async function dropDatabase(client: Client, name: string): Promise<void> {
  const connections = async () => (await client.query('SELECT 1 FROM pg_stat_activity WHERE datname = $1', [name])).rowCount ?? 0;
  for (let i = 0; i < 40 && (await connections()) > 0; i += 1) await delay(25);
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** A fresh database with all migrations applied; dropped, connections included, on dispose. */
export async function createDatabase(): Promise<{ url: string } & AsyncDisposable> {
  const server = required('TEST_DATABASE_URL');
  const name = `chat_test_${randomBytes(8).toString('hex')}`;
  await withClient(server, async (client) => {
    const template = await ensureTemplate(server, client);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: withDatabase(server, name),
    [Symbol.asyncDispose]: () => withClient(server, (client) => dropDatabase(client, name)),
  };
}

/** Without tables; dropped on dispose. */
export async function createEmptyDatabase(): Promise<{ url: string } & AsyncDisposable> {
  const server = required('TEST_DATABASE_URL');
  const name = `chat_test_${randomBytes(8).toString('hex')}`;
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name}`));
  return {
    url: withDatabase(server, name),
    [Symbol.asyncDispose]: () => withClient(server, (client) => dropDatabase(client, name)),
  };
}

/** One statement over a connection of its own: what no route does, such as making the first administrator. */
export function runSql<T extends QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<T[]> {
  return withClient(url, async (client) => (await client.query<T>(text, values)).rows);
}

export function redisUrl(): string {
  return required('TEST_REDIS_URL');
}

/** For Redis keys: files that run at the same time never meet. */
export function uniquePrefix(): string {
  return `t${randomBytes(6).toString('hex')}:`;
}

/** For a condition that was begun before the deadline. */
const conditionGraceMs = 30_000;

/**
 * Polls until the condition gives a truthy value and returns it. A condition that throws counts as not yet; the last error is the cause.
 * One that never ends fails as well, soon after the deadline.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: { deadlineMs?: number; message?: string; intervalMs?: number } = {},
): Promise<Exclude<T, false | '' | 0 | null | undefined>> {
  const { deadlineMs = 20_000, message = 'the condition did not become true', intervalMs = 10 } = options;
  const end = Date.now() + deadlineMs;
  const expired = delay(deadlineMs + conditionGraceMs, false, { ref: false });
  for (;;) {
    let cause: unknown;
    try {
      const value = await Promise.race([condition(), expired]);
      if (value) return value as Exclude<T, false | '' | 0 | null | undefined>;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`${message} (waited ${deadlineMs} ms)`, { cause });
    await delay(intervalMs);
  }
}
