import { mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { ServiceError } from '../process.ts';
import { localDir, type Settings } from './settings.ts';

const neededMiB = 500;

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', () => done(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => done(true)));
  });
}

function wantedPorts(settings: Settings): { port: number; what: string; variable: string }[] {
  const { pods, frontPort } = settings;
  return [
    ...pods.map(({ id, port }) => ({ port, what: id, variable: 'PORT' })),
    ...pods.map(({ id, adminPort }) => ({ port: adminPort, what: `the admin port of ${id}`, variable: 'ADMIN_PORT' })),
    ...(frontPort ? [{ port: frontPort, what: 'the load balancer', variable: 'FRONT_PORT' }] : []),
    ...(settings.databaseUrl ? [] : [{ port: settings.postgresPort, what: 'Postgres', variable: 'POSTGRES_PORT' }]),
    ...(settings.startRedis ? [{ port: settings.redisPort, what: 'Redis', variable: 'REDIS_PORT' }] : []),
  ];
}

export async function checkPorts(settings: Settings): Promise<void> {
  const seen = new Map<number, string>();
  for (const { port, what, variable } of wantedPorts(settings)) {
    const other = seen.get(port);
    if (other)
      throw new ServiceError(`port ${port} is asked for by ${other} and by ${what}; choose another with ${variable}=<port> make up`);
    seen.set(port, what);
    if (!(await isFree(port))) {
      throw new ServiceError(
        `port ${port} (${what}) is in use; stop the program that listens there, or choose another: ${variable}=${port + 100} make up`,
      );
    }
  }
}

export function checkSpace(): void {
  mkdirSync(localDir, { recursive: true });
  const { bavail, bsize } = statfsSync(localDir);
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMiB < neededMiB)
    throw new ServiceError(`only ${freeMiB} MiB are free where ${localDir} is; make room for at least ${neededMiB} MiB`);
}
