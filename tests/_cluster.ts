import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@chatcluster/tools/process';

const runFile = promisify(execFile);
const tools = join(import.meta.dirname, '..', 'tools', 'src');

export interface Part {
  url: string;
  pid: number;
  /** A shell command that brings it back on the same ports with the same data. */
  restart: string;
}

export interface LocalCluster extends AsyncDisposable {
  frontUrl: string;
  databaseUrl: string;
  /** As `.local/cluster.json` says now. */
  pods(): (Part & { id: string; adminUrl: string })[];
  restart(part: Part): Promise<void>;
}

/** `make up PODS=n` with ports and data of its own; disposing is `make down`. */
export async function startCluster(pods: number, extra: NodeJS.ProcessEnv = {}): Promise<LocalCluster> {
  const localDir = mkdtempSync(join(tmpdir(), 'chat-e2e-'));
  const env: NodeJS.ProcessEnv = { ...process.env, LOG_LEVEL: 'warn', ...extra, LOCAL_DIR: localDir, PODS: `${pods}` };
  for (const name of ['DATABASE_URL', 'REDIS_URLS', 'FANOUT']) delete env[name];
  for (const name of ['PORT', 'ADMIN_PORT']) env[name] = `${await freePort(pods)}`;
  for (const name of ['FRONT_PORT', 'POSTGRES_PORT', 'REDIS_PORT']) env[name] = `${await freePort()}`;
  const tool = (name: string) => runFile(process.execPath, [join(tools, name)], { env });
  const read = () => JSON.parse(readFileSync(join(localDir, 'cluster.json'), 'utf8'));
  const dispose = async () => {
    await tool('down.ts');
    rmSync(localDir, { recursive: true, force: true });
  };
  try {
    await tool('up.ts');
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    frontUrl: read().frontUrl,
    databaseUrl: read().postgres.url,
    pods: () => read().pods,
    restart: async (part) => void (await runFile('sh', ['-c', part.restart], { env })),
    [Symbol.asyncDispose]: dispose,
  };
}
