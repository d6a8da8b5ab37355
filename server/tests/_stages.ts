import { createClock } from './_clock.ts';
import { type Cluster, startCluster } from './_cluster.ts';
import { createDisk } from './_disk.ts';
import type { Stage, StageParts } from './_faults.ts';

export type OpenStage = StageParts & { cluster: Cluster } & AsyncDisposable;

/** A cluster with what its faults need. */
export async function openStage(stage: Stage, env: Record<string, string> = {}): Promise<OpenStage> {
  await using stack = new AsyncDisposableStack();
  const clock = stage === 'with a clock to set' ? stack.use(createClock()) : undefined;
  const disk = stage === 'with a small disk' ? stack.use(createDisk()) : undefined;
  const cluster = stack.use(
    await startCluster({
      env,
      postgresDir: disk?.dir,
      podEnv: async (index): Promise<Record<string, string>> => (index === 0 && clock ? clock.env : {}),
    }),
  );
  const owned = stack.move();
  return { clock, disk, cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
