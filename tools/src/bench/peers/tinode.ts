import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureTool } from '../../kubernetes/tools.ts';
import { freePort } from '../../process.ts';
import { startPeer } from '../peer.ts';
import { PODS, type Side } from '../sides.ts';
import type { Services, World } from '../world.ts';
import { startProgram } from './program.ts';
import { apiKey, type TinodeNode, tinodeConfig } from './tinode-config.ts';

function writeConfig(stack: AsyncDisposableStack, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'chat-bench-tinode-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'tinode.conf');
  writeFileSync(file, text);
  return file;
}

/** Tinode makes its database itself, and does not take one that is empty. */
async function databaseUrl(services: Services): Promise<string> {
  const url = new URL(await services.createDatabase('tinode_neighbour', false));
  url.pathname = '/tinode';
  return url.href;
}

/** A cluster of three nodes of Tinode on the benchmark's Postgres. */
export async function startTinode(stack: AsyncDisposableStack, services: Services, world: World): Promise<Side<'Tinode'>> {
  const program = await ensureTool('tinode');
  const makeDatabase = await ensureTool('tinode-db');
  const nodes: TinodeNode[] = [];
  for (let i = 0; i < PODS; i += 1) nodes.push({ name: `node${i}`, port: await freePort(), clusterPort: await freePort() });
  const salt = randomBytes(32);
  const config = writeConfig(stack, tinodeConfig(await databaseUrl(services), nodes, salt));
  await promisify(execFile)(makeDatabase, ['-config', config]);
  const started = await Promise.all(
    nodes.map(({ name, port }) => {
      const args = ['-config', config, '-cluster_self', name, '-listen', `127.0.0.1:${port}`, '-static_data', '-'];
      // It logs a line per message, and cannot be told not to.
      return startProgram(program, { args, port, stderr: 'ignore' });
    }),
  );
  started.forEach((node) => stack.use(node));
  const load = stack.use(startPeer('peers/tinode-load.ts'));
  await load.call('open', { ports: nodes.map(({ port }) => port), world, apiKey: apiKey(salt) });
  return { name: 'Tinode', pids: started.map((node) => node.pid), load, catchUp: async () => undefined };
}
