import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runSql } from '@chatcluster/tools/testing';
import { type TestStore, testStores } from './_files.ts';

const root = join(import.meta.dirname, '../..');

export type Place = Pick<TestStore, 'env'> & AsyncDisposable;

/** Where files can be kept, backups can be. */
async function asPlace(open: () => Promise<TestStore>): Promise<Place> {
  const store = await open();
  const env = Object.fromEntries(Object.entries(store.env).map(([name, value]) => [name.replace('FILES', 'BACKUP'), value]));
  return { env, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

export const places = { folder: () => asPlace(testStores.volume), s3: () => asPlace(testStores.s3) };

export interface TaskRun {
  pid: number;
  kill(): void;
  /** The exit code (null: killed) and what it printed as its result. */
  ended: Promise<{ code: number | null; result: Record<string, unknown> | undefined; log: string }>;
}

/** The program with the role `backup` or `restore`, as a process. */
export function startTask(role: 'backup' | 'restore', databaseUrl: string, env: Record<string, string>): TaskRun {
  const child = spawn(process.execPath, ['server/src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, ROLE: role, DATABASE_URL: databaseUrl, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = text(child.stdout);
  const errors = text(child.stderr);
  async function ended() {
    const [code] = (await once(child, 'close')) as [number | null];
    const log = (await output) + (await errors);
    const line = log.split('\n').find((each) => each.startsWith('{"ok":'));
    return { code, log, result: line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>) };
  }
  return { pid: child.pid!, kill: () => void child.kill('SIGKILL'), ended: ended() };
}

export async function runTask(role: 'backup' | 'restore', databaseUrl: string, env: Record<string, string>) {
  return startTask(role, databaseUrl, env).ended;
}

/** Every row of every table as text, sorted; for comparing two databases. */
export async function contents(url: string, skip: readonly string[]): Promise<Record<string, string[]>> {
  const tables = await runSql<{ name: string }>(
    url,
    "select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace",
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables.filter((table) => !skip.includes(table.name))) {
    const rows = await runSql<{ row: string }>(url, `select (to_jsonb(t) - 'changed_xid')::text as row from ${name} t order by 1`);
    found[name] = rows.map(({ row }) => row);
  }
  return found;
}
