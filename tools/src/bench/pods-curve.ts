import { readdirSync, readFileSync } from 'node:fs';
import type { LoadRequest } from './load.ts';
import type { LoadStats } from './load-loop.ts';
import { startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import { newUsers, signTokens, type Services, storeWorld, type World } from './world.ts';

export const modes = ['routed', 'streams-adapter'] as const;
export type Mode = (typeof modes)[number];

/** Processor time of all threads of a process in µs, finer than the hundredths of a second of its `stat`. */
export function cpuMicrosOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => {
    try {
      return sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
    } catch {
      return sum; // A thread that has just ended.
    }
  }, 0);
}

/** Jiffies of the whole machine. */
function machineTimes(): { busy: number; all: number } {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = fields.reduce((a, b) => a + b);
  return { all, busy: all - fields[3]! - fields[4]! };
}

/** Direct conversations only, or groups of five beside them; nothing that grows with the number of people. */
export function makeSmallWorld(users: string[], isDirectOnly: boolean): World {
  const conversations: World['conversations'] = [];
  const { length } = users;
  const [direct, group] = [newUsers(length * 2), newUsers(length)];
  users.forEach((user, i) => {
    conversations.push({ id: direct[i * 2]!, kind: 'direct', members: [user, users[(i + 1) % length]!] });
    conversations.push({ id: direct[i * 2 + 1]!, kind: 'direct', members: [user, users[(i + 3) % length]!] });
    if (isDirectOnly) return;
    const members = new Set([0, 1, 2, 3, 4].map((j) => users[(i + j * 7) % length]!));
    conversations.push({ id: group[i]!, kind: 'group', members: [...members] });
  });
  return { users, conversations };
}

export interface Curve extends AsyncDisposable {
  /** Runs the load and returns what it cost. */
  run(seconds: number, perSecond: number): Promise<CurveSample>;
}
export interface CurveSample extends LoadStats {
  /** Of each pod, in µs. */
  cpuMicros: number[];
  /** Of the whole machine, 0 to 1. */
  busy: number;
}
export interface CurveRequest {
  mode: Mode;
  pods: number;
  /** People are spread over the first so many pods. @default all */
  podsWithPeople?: number;
  users: number;
  isDirectOnly: boolean;
}

/** Realtime pods, and one worker for what workers do; a database and Redis keys of their own. */
export async function startCurve(services: Services, request: CurveRequest): Promise<Curve> {
  const { mode, pods: count, users: userCount, isDirectOnly, podsWithPeople = count } = request;
  const name = `c${crypto.randomUUID().replaceAll('-', '')}`;
  const url = await services.createDatabase(name, true);
  const world = makeSmallWorld(newUsers(userCount), isDirectOnly);
  await storeWorld(url, world);
  const tokens = await signTokens(url, world.users);
  await using stack = new AsyncDisposableStack();
  const env = { DATABASE_URL: url, REDIS_URLS: services.redisUrl, REDIS_PREFIX: `${name}:`, DATABASE_POOL: '5', FANOUT: mode };
  const pods = await Promise.all(
    Array.from({ length: count }, (_, i) => startPod({ ...env, POD_ID: `pod-${i}`, ROLE: 'realtime' }).then((pod) => stack.use(pod))),
  );
  stack.use(await startPod({ ...env, POD_ID: 'worker', ROLE: 'worker' }));
  const load = stack.use(startPeer('load.ts'));
  await load.call('open', {
    ports: pods.slice(0, podsWithPeople).map(({ port }) => port),
    world,
    auths: tokens.map((token) => JSON.stringify({ token })),
  } satisfies LoadRequest);
  const owned = stack.move();
  return {
    async run(seconds, perSecond) {
      const machine = machineTimes();
      const cpu = pods.map(({ pid }) => cpuMicrosOf(pid));
      const stats = await load.call<LoadStats>('paced', { seconds, perSecond });
      const after = machineTimes();
      return {
        ...stats,
        cpuMicros: pods.map(({ pid }, i) => cpuMicrosOf(pid) - cpu[i]!),
        busy: (after.busy - machine.busy) / (after.all - machine.all),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export const percentile = (values: number[], share: number): number =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
