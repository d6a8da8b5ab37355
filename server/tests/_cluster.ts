import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf, isAlive, waitForExit } from '@chatcluster/tools/process';
import { type Service, startPostgres, startRedis } from '@chatcluster/tools/services';
import { createPod, type Pod } from './_pod-process.ts';
import { lastingPort } from './_ports.ts';

/** Postgres or Redis: its data and its port outlive the process. */
export interface Dependency {
  readonly url: string;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL. */
  kill(): void;
  /** A new process over the same data, unless there is one. */
  restart(): Promise<void>;
  killAndRestart(downMs: number): Promise<void>;
}

export interface Cluster extends AsyncDisposable {
  /** What a load balancer would send people to. */
  readonly pods: Pod[];
  readonly postgres: Dependency;
  readonly redis: Dependency;
  /** Adds pods one after the other, or drains the last ones; resolves when the new ones are ready, the others gone. */
  scaleTo(count: number): Promise<void>;
  /** Starts what does not run and waits until every pod is ready; as many as in the beginning. */
  heal(): Promise<void>;
}

export interface ClusterOptions {
  /** @default 3 */
  pods?: number;
  /** More settings of the server processes. */
  env?: Record<string, string>;
  /** Holds the data of Postgres, made before it starts. @default a folder of the cluster's own */
  postgresDir?: string;
  /** Settings of one of them, from 0 on. */
  podEnv?(index: number, services: { postgres: Dependency; redis: Dependency }): Promise<Record<string, string>>;
}

export async function createDependency(stack: AsyncDisposableStack, start: (port: number) => Promise<Service>): Promise<Dependency> {
  const port = await lastingPort();
  let service = await start(port);
  // Postgres is a family: with its head alone frozen, those who are connected are served all the same.
  const signal = (name: NodeJS.Signals) => {
    const pids = isAlive(service.pid) ? [service.pid, ...childrenOf(service.pid)] : [];
    for (const pid of pids) tell(pid, name);
  };
  stack.defer(async () => {
    // A frozen process cannot obey; after a failed restart there is none.
    if (isAlive(service.pid)) signal('SIGCONT');
    await service.stop();
  });
  // By its own word: the number of a dead process may be somebody else's by now.
  let isDown = false;
  // A killed process holds its port and its data until the kernel has taken it down.
  let gone: Promise<boolean> | undefined;
  const dependency: Dependency = {
    url: service.url,
    signal,
    kill() {
      signal('SIGKILL');
      gone = waitForExit(service.pid, 10_000);
      isDown = true;
    },
    async restart() {
      if (!isDown && isAlive(service.pid)) return;
      await gone;
      service = await start(port);
      isDown = false;
    },
    async killAndRestart(downMs) {
      dependency.kill();
      await new Promise((done) => setTimeout(done, downMs));
      await dependency.restart();
    },
  };
  return dependency;
}

/** A child may have ended since the list was read. */
function tell(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name);
}

/** So many pods, none of them started yet, and the way to have more or fewer. */
async function createFleet(stack: AsyncDisposableStack, count: number, create: (index: number) => Promise<Pod>) {
  const pods: Pod[] = [];
  const ever: Pod[] = [];
  stack.defer(async () => {
    for (const pod of ever) pod.signal('SIGKILL');
    await Promise.all(ever.map((pod) => pod.ended()));
  });
  const add = async () => {
    const pod = await create(pods.length);
    ever.push(pod);
    return pod;
  };
  for (let i = 0; i < count; i += 1) pods.push(await add());
  const scaleTo = async (wanted: number) => {
    while (pods.length < wanted) {
      const pod = await add();
      await pod.start();
      pods.push(pod);
    }
    const surplus = pods.splice(wanted);
    for (const pod of surplus) pod.signal('SIGTERM');
    await Promise.all(surplus.map((pod) => pod.ended()));
  };
  return { pods, scaleTo };
}

/** Real Postgres, real Redis with an append-only file, and server processes; disposing ends them all, frozen ones too. */
export async function startCluster({ pods: count = 3, env = {}, postgresDir, podEnv }: ClusterOptions = {}): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'chat-cluster-'));
  chmodSync(dir, 0o755);
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  // Durable: a commit that was acknowledged must survive SIGKILL of Postgres, which asynchronous commits do not.
  const [postgres, redis] = await Promise.all([
    createDependency(stack, (port) => startPostgres({ dataDir: join(postgresDir ?? dir, 'postgres'), port, durable: true })),
    createDependency(stack, (port) => startRedis({ dir: join(dir, 'redis'), port, appendOnly: true })),
  ]);
  const settings = { DATABASE_URL: postgres.url, REDIS_URLS: redis.url, RATE_LIMITS: 'off', DRAIN_SECONDS: '2', ...env };
  const { pods, scaleTo } = await createFleet(stack, count, async (index) =>
    createPod(`pod-${index + 1}`, dir, { ...settings, ...(await podEnv?.(index, { postgres, redis })) }),
  );
  const heal = async () => {
    await Promise.all([postgres.restart(), redis.restart()]);
    await Promise.all(pods.map((pod) => (pod.isRunning() ? pod.ready() : pod.start())));
    await scaleTo(count);
  };
  // The first applies the migrations, the others then have nothing to wait for.
  await pods[0]?.start();
  await heal();
  const owned = stack.move();
  return { pods, postgres, redis, scaleTo, heal, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
