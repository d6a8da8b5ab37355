import { Client } from 'pg';
import { poll } from '../process.ts';
import type { LoadRequest, LoadStats } from './load.ts';
import { cpuMsOf, type Peer, startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { makeWorld, run, type Services, signTokens, startServices, storeWorld, type World } from './world.ts';

const PODS = 3;
interface Side {
  name: 'ours' | 'naive' | 'floor';
  pids: number[];
  load: Peer;
  /** Waits until it has done what it put off; takes seconds. */
  catchUp(): Promise<void>;
}
type Sample = LoadStats & { cpuMs: number; behindSeconds: number };

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

async function startOurs(stack: AsyncDisposableStack, services: Services, world: World): Promise<Side> {
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

type Rival = Exclude<Side['name'], 'ours'>;

async function startRival(name: Rival, stack: AsyncDisposableStack, services: Services, world: World): Promise<Side> {
  const url = await services.createDatabase(name, false);
  await run(
    url,
    'create table messages (id bigserial primary key, conversation_id uuid not null, sender_id uuid not null, body text not null, at timestamptz not null default now())',
  );
  await run(url, 'create index on messages (conversation_id, id)');
  await run(url, 'create table memberships (user_id uuid, conversation_id uuid, primary key (user_id, conversation_id))');
  const pairs = world.conversations.flatMap(({ id, members }) => members.map((user) => ({ id, user })));
  await run(url, 'insert into memberships select * from unnest($1::uuid[], $2::uuid[])', [
    pairs.map((pair) => pair.user),
    pairs.map((pair) => pair.id),
  ]);
  const apps = Array.from({ length: PODS }, () => stack.use(startPeer(`${name}-app.ts`, [url, services.redisUrl])));
  const ports = await Promise.all(apps.map((app) => app.call<number>('listen')));
  const load = stack.use(startPeer('load.ts'));
  await load.call('open', { ports, world, auths: world.users.map((userId) => JSON.stringify({ userId })) } satisfies LoadRequest);
  return { name, pids: apps.map((app) => app.pid), load, catchUp: async () => undefined };
}

async function sample({ pids, load, catchUp }: Side, name: string, argument: unknown): Promise<Sample> {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const before = cpu();
  const stats = await load.call<LoadStats>(name, argument);
  const cpuMs = cpu() - before;
  const since = performance.now();
  await catchUp();
  return { ...stats, cpuMs, behindSeconds: (performance.now() - since) / 1_000 };
}

/** Three pods each, as processes, on one Postgres (fsync on) and one Redis. */
export async function benchCluster({ isQuick, say }: BenchOptions): Promise<Result> {
  const seconds = isQuick ? 4 : 10;
  const repeats = isQuick ? 1 : 3;
  await using services = await startServices();
  await using stack = new AsyncDisposableStack();
  const world = makeWorld(isQuick ? 210 : 500);
  const sides = [
    await startOurs(stack, services, world),
    await startRival('naive', stack, services, world),
    await startRival('floor', stack, services, world),
  ];
  // A pod lives for days. In its first ten seconds under load a message costs it a third more, as V8 compiles (docs/benchmarks/README.md).
  for (const side of sides) await sample(side, 'closed', isQuick ? 2 : 20);
  const samples: Record<Side['name'], Sample[]> = { ours: [], naive: [], floor: [] };
  for (let i = 0; i < repeats; i += 1) {
    for (const side of sides) {
      const stats = await sample(side, 'closed', seconds);
      samples[side.name].push(stats);
      say(
        `cluster: ${side.name} ${Math.round(stats.acked / stats.seconds)} acknowledged/s, ${stats.refused} refused, ${stats.outOfOrder} out of order`,
      );
    }
  }
  const result = closedRows(samples, { world, seconds, repeats });
  for (const side of sides) addPaced(result, side.name, await pacedRuns(side, { samples: samples[side.name], seconds, repeats }));
  return result;
}

const perSecond = (samples: Sample[]) => samples.map((s) => s.acked / s.seconds);
const cpuPerDelivery = (samples: Sample[]) => samples.map((s) => (s.cpuMs * 1_000) / s.deliveries);

function closedRows(
  { ours, naive, floor }: Record<Side['name'], Sample[]>,
  { world, seconds, repeats }: { world: World; seconds: number; repeats: number },
): Result {
  const outOfOrder = (samples: Sample[]) => samples.map((s) => s.outOfOrder);
  const deliveries = (samples: Sample[]) => samples.map((s) => s.deliveries);
  return {
    title: 'Acknowledged durable messages over three pods',
    setting: `${world.users.length} clients, each one message at a time; 80 % direct, 19 % groups of 10, 1 % one group of 200; three pods; ${repeats} interleaved runs of ${seconds} s; naive: Socket.IO, Redis Streams adapter, one INSERT per message; floor: what no Node server can leave out, bare ws, one INSERT per batch, one stream, and nothing promised`,
    rows: [
      { what: 'ours: acknowledged, closed loop', value: median(perSecond(ours)), unit: 'messages/s' },
      { what: 'naive: acknowledged, closed loop', value: median(perSecond(naive)), unit: 'messages/s' },
      { what: 'ours ÷ naive', value: ratio(perSecond(ours), perSecond(naive)), unit: '×', target: { atLeast: 2.5 } },
      { what: 'ours: CPU of the pods', value: median(cpuPerDelivery(ours)), unit: 'µs per delivery' },
      { what: 'naive: CPU of the pods', value: median(cpuPerDelivery(naive)), unit: 'µs per delivery' },
      {
        what: 'CPU per delivery, ours ÷ naive',
        value: ratio(cpuPerDelivery(ours), cpuPerDelivery(naive)),
        unit: '×',
        target: { atMost: 0.333 },
      },
      { what: 'floor: acknowledged, closed loop', value: median(perSecond(floor)), unit: 'messages/s' },
      { what: 'floor: CPU of the pods', value: median(cpuPerDelivery(floor)), unit: 'µs per delivery' },
      { what: 'floor ÷ naive', value: ratio(perSecond(floor), perSecond(naive)), unit: '×' },
      { what: 'CPU per delivery, floor ÷ naive', value: ratio(cpuPerDelivery(floor), cpuPerDelivery(naive)), unit: '×' },
      {
        what: 'ours: deliveries out of order, all runs',
        value: sum(outOfOrder(ours)),
        unit: `of ${sum(deliveries(ours)).toLocaleString('en-US')}`,
        target: { atMost: 0 },
      },
      {
        what: 'naive: deliveries out of order, all runs',
        value: sum(outOfOrder(naive)),
        unit: `of ${sum(deliveries(naive)).toLocaleString('en-US')}`,
      },
      { what: 'ours: then until search index and notifications were done', value: median(ours.map((s) => s.behindSeconds)), unit: 's' },
      { what: 'ours: refused sends, all runs', value: sum(ours.map((s) => s.refused)), unit: '', target: { atMost: 0 } },
    ],
    runs: {
      'ours, acknowledged/s': perSecond(ours),
      'naive, acknowledged/s': perSecond(naive),
      'floor, acknowledged/s': perSecond(floor),
      'ours, pod µs per delivery': cpuPerDelivery(ours),
      'naive, pod µs per delivery': cpuPerDelivery(naive),
      'floor, pod µs per delivery': cpuPerDelivery(floor),
      'ours, out of order': outOfOrder(ours),
      'naive, out of order': outOfOrder(naive),
    },
  };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

/** Send → receive on another pod at half of what the same side did at most. */
async function pacedRuns(side: Side, { samples, seconds, repeats }: { samples: Sample[]; seconds: number; repeats: number }) {
  const rate = median(perSecond(samples)) / 2;
  const runs: { p50: number; p99: number; max: number; count: number; unanswered: number }[] = [];
  for (let i = 0; i < repeats; i += 1) {
    const { latenciesMs, unanswered } = await sample(side, 'paced', { seconds, perSecond: rate });
    const sorted = latenciesMs.sort((a, b) => a - b);
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
    runs.push({ p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length, unanswered });
  }
  return { rate, runs };
}

function addPaced(result: Result, name: Side['name'], { rate, runs }: Awaited<ReturnType<typeof pacedRuns>>): void {
  const isOurs = name === 'ours';
  const what = `${name}: send → receive on another pod at half of its maximum (${Math.round(rate)}/s)`;
  result.rows.push(
    { what: `${what}, p50`, value: median(runs.map((r) => r.p50)), unit: 'ms', ...(isOurs ? { target: { atMost: 10 } } : {}) },
    { what: `${what}, p99`, value: median(runs.map((r) => r.p99)), unit: 'ms', ...(isOurs ? { target: { atMost: 50 } } : {}) },
    { what: `${name}: sends not answered in those runs`, value: sum(runs.map((r) => r.unanswered)), unit: '' },
  );
  for (const key of ['p50', 'p99', 'max', 'count'] as const) result.runs[`${name}, paced ${key}`] = runs.map((r) => r[key]);
}
