import { existsSync, mkdirSync, mkdtempSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runMain, ServiceError } from './process.ts';
import { dumpSchema } from './schema-dump.ts';
import { startPostgres } from './services.ts';

const root = join(import.meta.dirname, '../..');

/** Content by path, relative to the root of the repository. */
type Generated = Record<string, string>;

async function load<T>(path: string): Promise<T | undefined> {
  const file = join(root, path);
  return existsSync(file) ? ((await import(pathToFileURL(file).href)) as T) : undefined;
}

async function generateSchema(): Promise<Generated> {
  const store = await load<{ migrate(databaseUrl: string): Promise<void> }>('server/src/store/migrate.ts');
  if (!store) return {};
  const dir = mkdtempSync(join(tmpdir(), 'chat-gen-'));
  chmodSync(dir, 0o755);
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres') });
  try {
    await store.migrate(postgres.url);
    return { 'server/src/store/schema.sql': await dumpSchema(postgres.url) };
  } finally {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function generateDocuments(): Promise<Generated> {
  const protocol = await load<{ generateDocuments(version: string): Generated }>('protocol/src/generate.ts');
  if (!protocol) return {};
  const { version } = JSON.parse(readFileSync(join(root, 'protocol/package.json'), 'utf8')) as { version: string };
  return Object.fromEntries(Object.entries(protocol.generateDocuments(version)).map(([name, content]) => [`protocol/${name}`, content]));
}

async function generateAll(): Promise<Generated> {
  return { ...(await generateSchema()), ...(await generateDocuments()) };
}

function current(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** `--check` writes nothing and fails when a file on disk is not what would be written. */
runMain(async () => {
  const generated = await generateAll();
  const stale = Object.keys(generated).filter((path) => current(path) !== generated[path]);
  if (process.argv.includes('--check')) {
    if (stale.length > 0) throw new ServiceError(`not up to date: ${stale.join(', ')}; run: make gen`);
    return;
  }
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), generated[path] ?? '');
  }
  process.stdout.write(stale.length > 0 ? `wrote ${stale.join(', ')}\n` : 'everything was up to date\n');
});
