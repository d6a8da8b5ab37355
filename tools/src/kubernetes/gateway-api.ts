import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../process.ts';
import { moduleDir } from './build-tool.ts';

/** The version that the pinned Traefik speaks; its checksum is in the go.sum of that module. */
const module = 'sigs.k8s.io/gateway-api@v1.4.0';

/** A folder with the Gateway API's definitions (standard channel), for `kubectl apply --server-side -f`. */
export function ensureGatewayApi(): string {
  const dir = join(moduleDir('traefik'), 'gateway-api');
  if (existsSync(dir)) return dir;
  const cwd = join(import.meta.dirname, '..', '..', 'kubernetes', 'traefik');
  const found = spawnSync('go', ['mod', 'download', '-json', module], { cwd, encoding: 'utf8' });
  if (found.status !== 0)
    throw new ServiceError(
      `the Gateway API's definitions cannot be downloaded: ${(found.stderr || found.stdout || 'Go is missing').trim()}`,
    );
  const crds = join((JSON.parse(found.stdout) as { Dir: string }).Dir, 'config/crd/standard');
  const partial = `${dir}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  for (const file of globSync('*.yaml', { cwd: crds })) cpSync(join(crds, file), join(partial, file));
  renameSync(partial, dir);
  return dir;
}
