import { clientFaults } from './_client-faults.ts';
import { type Clock, clockFault } from './_clock.ts';
import type { Cluster } from './_cluster.ts';
import { type Disk, diskFault } from './_disk.ts';
import { randomFault } from './_random-faults.ts';
import { serverFaults } from './_server-faults.ts';
import type { World } from './_world.ts';

/** What a cluster must be like, for the few faults that the usual one cannot have. */
export type Stage = 'usual' | 'with a clock to set' | 'with a small disk';

export interface StageParts {
  /** Of the first pod. */
  clock?: Clock | undefined;
  /** Of Postgres. */
  disk?: Disk | undefined;
}

export interface Scene extends StageParts {
  cluster: Cluster;
  world: World;
}

export interface Fault {
  name: string;
  /** What is broken. */
  of: 'servers' | 'clients' | 'both';
  /** @default 'usual' */
  stage?: Stage;
  /** Resolves when the fault has ended, with what was done where that is not always the same; rejects when it could not be brought about. */
  inject(scene: Scene): Promise<string | void>;
}

export interface FaultTimes {
  redisFrozenMs: number;
  postgresFrozenMs: number;
  podFrozenMs: number;
  /** Between a kill of Redis or Postgres and the new process. */
  downMs: number;
  /** A tenth of the clients drop so often, so far apart. */
  jitter: { rounds: number; everyMs: number };
  /** At each of the numbers of pods. */
  scaledMs: number;
  /** How long the clock of the pod is wrong, each way. */
  clockWrongMs: number;
  diskFullMs: number;
  /** Rounds of three faults at once, so far apart. */
  random: { rounds: number; everyMs: number; seed: number };
}

/** One fault after another; each leaves its cluster whole, or to `heal`. */
export function createFaults(times: FaultTimes): Fault[] {
  return [
    ...serverFaults(times),
    ...clientFaults(times.jitter),
    clockFault(times.clockWrongMs),
    diskFault(times.diskFullMs),
    randomFault(times.random),
  ];
}
