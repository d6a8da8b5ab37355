import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { isAlive, poll, ServiceError, spawnDetached, tail } from '../process.ts';
import { localDir, type Settings } from './settings.ts';

/**
 * No stickiness: any pod serves any request. A dead pod is out after its first refused connection; a draining one (readyz
 * 503) gets no new connections and keeps those that it has, so nothing here shuts sessions down.
 */
export function haproxyConfig({ pods, frontPort }: Settings): string {
  const servers = pods.map(({ id, port, adminPort }) => `  server ${id} 127.0.0.1:${port} check port ${adminPort}`);
  return `global
  maxconn 40000
  no strict-limits
  log stdout format raw local0 notice

defaults
  mode http
  log global
  option dontlognull
  option redispatch 1
  retries 3
  timeout connect 1s
  timeout http-request 15s
  timeout http-keep-alive 30s
  timeout client 75s
  timeout server 75s
  timeout queue 5s
  timeout tunnel 24h

frontend front
  bind 127.0.0.1:${frontPort}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  default_backend pods

backend pods
  balance leastconn
  option httpchk
  http-check send meth GET uri /readyz
  http-check expect status 200
  default-server inter 500ms fastinter 200ms downinter 300ms rise 1 fall 2 observe layer4 error-limit 1 on-error mark-down
${servers.join('\n')}
`;
}

function binary(): string {
  const found = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/usr/bin/haproxy'].find((file) => existsSync(file));
  if (!found) throw new ServiceError('haproxy is not installed; run: apt-get update && apt-get install -y --no-install-recommends haproxy');
  return found;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}

export async function startHaproxy(settings: Settings, onSpawn?: (pid: number) => void): Promise<number> {
  const file = join(localDir, 'haproxy.cfg');
  const logFile = join(localDir, 'logs/haproxy.log');
  writeFileSync(file, haproxyConfig(settings));
  const pid = spawnDetached(binary(), ['-db', '-f', file], { cwd: localDir, logFile });
  onSpawn?.(pid);
  const state = await poll(
    async () => (!isAlive(pid) ? 'dead' : (await answers(settings.frontPort ?? 0)) && 'ready'),
    10_000,
    () => `the load balancer does not answer:\n${tail(logFile)}`,
  );
  if (state === 'dead') throw new ServiceError(`the load balancer ended while starting:\n${tail(logFile)}`);
  return pid;
}
