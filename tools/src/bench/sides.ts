/** The sides of a benchmark of whole servers: starts ours, and measures one side after the other under the same load. */
import { Client } from 'pg';
import { poll } from '../process.ts';
import type { LoadRequest } from './load.ts';
import type { LoadStats } from './load-loop.ts';
import { cpuMsOf, type Peer, startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import { type BenchOptions, median, type Result } from './report.ts';
import { makeWorld, type Services, signTokens, startServices, storeWorld, type World } from './world.ts';

export const PODS = 3;
export interface Side<Name extends string> {
  name: Name;
  pids: number[];
  load: Peer;
  /** Waits until it has done what it put off; takes seconds. */
  catchUp(): Promise<void>;
}
export type Sample = LoadStats & { cpuMs: number; behindSeconds: number };

const CATCH_UP_MS = 120_000;
const isBehind = `
  select exists (select 1 from conversations c left join search_progress p on p.conversation_id = c.id where c.last_seq > coalesce(p.seq, 0))
    or exists (select 1 from batches b, notify_cursor k where b.xid >= k.xid) as behind`;

/** The index of searches and the notifications follow behind COMMIT: what is left of them would slow whoever is measured next. */
async function untilNothingIsLeft(url: string): Promise<void> {
  const db = new Client({ connectionString: url });
  await db.connect();
  try {
    await poll(
      async () => !(await db.query<{ behind: boolean }>(isBehind)).rows[0]!.behind,
      CATCH_UP_MS,
      () => 'the search index did not catch up',
    );
  } finally {
    await db.end();
  }
}

export type StartSide<Name extends string> = (stack: AsyncDisposableStack, services: Services, world: World) => Promise<Side<Name>>;

export async function startOurs(stack: AsyncDisposableStack, services: Services, world: World): Promise<Side<'ours'>> {
  const url = await services.createDatabase('ours', true);
  await storeWorld(url, world);
  const tokens = await signTokens(url, world.users);
  const pods = await Promise.all(
    Array.from({ length: PODS }, (_, i) =>
      startPod({ POD_ID: `pod-${i}`, DATABASE_URL: url, REDIS_URLS: services.redisUrl, DATABASE_POOL: '10' }),
    ),
  );
  pods.forEach((pod) => stack.use(pod));
  const load = stack.use(startPeer('load.ts'));
  await load.call('open', {
    ports: pods.map((pod) => pod.port),
    world,
    auths: tokens.map((token) => JSON.stringify({ token })),
  } satisfies LoadRequest);
  return { name: 'ours', pids: pods.map((pod) => pod.pid), load, catchUp: () => untilNothingIsLeft(url) };
}

async function sample({ pids, load, catchUp }: Side<string>, name: string, argument: unknown): Promise<Sample> {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const before = cpu();
  const stats = await load.call<LoadStats>(name, argument);
  const cpuMs = cpu() - before;
  const since = performance.now();
  await catchUp();
  return { ...stats, cpuMs, behindSeconds: (performance.now() - since) / 1_000 };
}

interface ClosedOptions {
  warmUpSeconds: number;
  seconds: number;
  repeats: number;
  say(text: string): void;
}

/** Runs of all sides by turns. */
async function closedRuns<Name extends string>(sides: Side<Name>[], options: ClosedOptions): Promise<Record<Name, Sample[]>> {
  const { warmUpSeconds, seconds, repeats, say } = options;
  // A pod lives for days. In its first ten seconds under load a message costs it a third more, as V8 compiles (docs/benchmarks/README.md).
  for (const side of sides) await sample(side, 'closed', warmUpSeconds);
  const samples = Object.fromEntries(sides.map(({ name }) => [name, [] as Sample[]])) as Record<Name, Sample[]>;
  for (let i = 0; i < repeats; i += 1) {
    for (const side of sides) {
      const stats = await sample(side, 'closed', seconds);
      samples[side.name].push(stats);
      say(
        `${side.name} ${Math.round(stats.acked / stats.seconds)} acknowledged/s, ${stats.refused} refused, ${stats.outOfOrder} out of order`,
      );
    }
  }
  return samples;
}

export const perSecond = (samples: Sample[]) => samples.map((s) => s.acked / s.seconds);
export const cpuPerDelivery = (samples: Sample[]) => samples.map((s) => (s.cpuMs * 1_000) / s.deliveries);
export const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

interface PacedRuns {
  rate: number;
  runs: { p50: number; p99: number; max: number; count: number; unanswered: number }[];
}

/** Send → receive on another pod at half of what the same side did at most. */
async function pacedRuns(
  side: Side<string>,
  { samples, seconds, repeats }: { samples: Sample[]; seconds: number; repeats: number },
): Promise<PacedRuns> {
  const rate = median(perSecond(samples)) / 2;
  const runs: PacedRuns['runs'] = [];
  for (let i = 0; i < repeats; i += 1) {
    const { latenciesMs, unanswered } = await sample(side, 'paced', { seconds, perSecond: rate });
    const sorted = latenciesMs.sort((a, b) => a - b);
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
    runs.push({ p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length, unanswered });
  }
  return { rate, runs };
}

type PacedTargets = { p50?: number; p99?: number };
type Paced = PacedRuns & { targets: PacedTargets };

function addPaced(result: Result, name: string, { rate, runs, targets }: Paced): void {
  const what = `${name}: send → receive on another pod at half of its maximum (${Math.round(rate)}/s)`;
  for (const key of ['p50', 'p99'] as const) {
    const target = targets[key] === undefined ? {} : { target: { atMost: targets[key] } };
    result.rows.push({ what: `${what}, ${key}`, value: median(runs.map((r) => r[key])), unit: 'ms', ...target });
  }
  result.rows.push({ what: `${name}: sends not answered in those runs`, value: sum(runs.map((r) => r.unanswered)), unit: '' });
  for (const key of ['p50', 'p99', 'max', 'count'] as const) result.runs[`${name}, paced ${key}`] = runs.map((r) => r[key]);
}

interface SidesBench<Name extends string> {
  title: string;
  starts: StartSide<Name>[];
  /** Of the closed loops. */
  toResult(samples: Record<Name, Sample[]>, words: { clients: string; runs: string }): Result;
  /** At half of the maximum; without them only the closed loops run. */
  targets?: Partial<Record<Name, PacedTargets>>;
}

/** Sides on one Postgres (fsync on) and one Redis: closed loops by turns, then each at half of its own maximum. */
export async function benchSides<Name extends string>(
  { title, starts, toResult, targets }: SidesBench<Name>,
  { isQuick, say }: BenchOptions,
): Promise<Result> {
  const seconds = isQuick ? 4 : 10;
  const repeats = isQuick ? 1 : 3;
  await using services = await startServices();
  await using stack = new AsyncDisposableStack();
  const world = makeWorld(isQuick ? 210 : 500);
  const sides: Side<Name>[] = [];
  for (const start of starts) sides.push(await start(stack, services, world));
  const samples = await closedRuns(sides, { warmUpSeconds: isQuick ? 2 : 20, seconds, repeats, say: (text) => say(`${title}: ${text}`) });
  const result = toResult(samples, { clients: `${world.users.length} clients`, runs: `${repeats} interleaved runs of ${seconds} s` });
  for (const side of targets ? sides : [])
    addPaced(result, side.name, {
      ...(await pacedRuns(side, { samples: samples[side.name], seconds, repeats })),
      targets: targets?.[side.name] ?? {},
    });
  return result;
}
