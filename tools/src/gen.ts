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

async function generateResource(): Promise<Generated> {
  const api = await load<{ generateApiFiles(): { path: string; text: string }[] }>('operator/src/api/generate.ts');
  return Object.fromEntries(api?.generateApiFiles().map(({ path, text }) => [path, text]) ?? []);
}

async function generateChart(): Promise<Generated> {
  const chart = await load<{ generateChart(): Generated }>('chart/generate.ts');
  return chart?.generateChart() ?? {};
}

const generators = [generateSchema, generateDocuments, generateResource, generateChart];

function current(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Writes what differs from disk, or only names it. */
function settle(generated: Generated, isCheck: boolean): string[] {
  const stale = Object.keys(generated).filter((path) => current(path) !== generated[path]);
  for (const path of isCheck ? [] : stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), generated[path] ?? '');
  }
  return stale;
}

/** `--check` writes nothing and fails when a file on disk is not what would be written. */
runMain(async () => {
  const isCheck = process.argv.includes('--check');
  const stale: string[] = [];
  // One after the other: the chart is made from the resource as written.
  for (const generate of generators) stale.push(...settle(await generate(), isCheck));
  if (isCheck && stale.length > 0) throw new ServiceError(`not up to date: ${stale.join(', ')}; run: make gen`);
  if (!isCheck) process.stdout.write(stale.length > 0 ? `wrote ${stale.join(', ')}\n` : 'everything was up to date\n');
});
