import { performance } from 'node:perf_hooks';
import { createLog } from '@chatcluster/server/log';
import { loadSync } from '@chatcluster/server/store/sql/load-sync';
import { createPool } from '@chatcluster/server/store/pool';
import type { CallersRequest, CallStats } from './callers.ts';
import { startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { newUsers, run, signTokens, startServices, storeWorld, type World } from './world.ts';

const CONVERSATIONS = 100;
const MISSED = 300;
const POOL = 10;
const PODS = 3;
/** Who asks at once while the maximum is looked for. */
const CLOSED_CLIENTS = 60;

/** Everybody is in the same hundred conversations, and has missed the last three entries of each. */
function makeWorld(users: number): World {
  const people = newUsers(users);
  return { users: people, conversations: newUsers(CONVERSATIONS).map((id) => ({ id, kind: 'group', members: people })) };
}

async function store(url: string, world: World): Promise<void> {
  await storeWorld(url, world);
  const each = MISSED / CONVERSATIONS;
  await run(
    url,
    `insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
     select c.id, s, gen_random_uuid(), 'message', c.created_by, gen_random_uuid(), now(),
       jsonb_build_object('body', 'a message of an ordinary length, which says that lunch is at twelve as usual')
     from conversations c, generate_series(1, ${each * 2}) s`,
  );
  await run(url, `update conversations set last_seq = ${each * 2}, last_at = now()`);
  await run(url, 'vacuum analyze');
}

/** The statement of a page, once for each of them, over as many connections as the pods have, and nothing else. */
async function bareSeconds(url: string, { users }: World, cursors: Record<string, number>): Promise<number> {
  const pool = createPool({ databaseUrl: url, poolSize: POOL * PODS, log: createLog('silent', 'bench') });
  try {
    await Promise.all(Array.from({ length: POOL * PODS }, () => pool.query('select 1')));
    const left = users.values();
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: POOL * PODS }, async () => {
        for (const userId of left) await loadSync(pool, { userId, cursors });
      }),
    );
    return (performance.now() - startedAt) / 1_000;
  } finally {
    await pool.end();
  }
}

const p99 = ({ latenciesMs }: CallStats) => latenciesMs.sort((a, b) => a - b)[Math.floor(latenciesMs.length * 0.99)] ?? Number.NaN;

/** Three pods; every answer is one page of 300 entries. */
export async function benchCatchUp({ isQuick, say }: BenchOptions): Promise<Result> {
  const clients = isQuick ? 300 : 5_000;
  const repeats = isQuick ? 1 : 3;
  const seconds = isQuick ? 3 : 8;
  await using services = await startServices();
  const url = await services.createDatabase('catchup', true);
  const world = makeWorld(clients);
  await store(url, world);
  const cursors = Object.fromEntries(world.conversations.map(({ id }) => [id, MISSED / CONVERSATIONS]));
  const packet = JSON.stringify(['sync', { cursors }]);
  const tokens = await signTokens(url, world.users);
  await using stack = new AsyncDisposableStack();
  const env = { DATABASE_URL: url, REDIS_URLS: services.redisUrl, DATABASE_POOL: `${POOL}`, ROLE: 'realtime' };
  const pods = await Promise.all(Array.from({ length: PODS }, (_, i) => startPod({ ...env, POD_ID: `pod-${i}` })));
  pods.forEach((pod) => stack.use(pod));
  const peer = stack.use(startPeer('callers.ts'));
  await peer.call('open', {
    ports: pods.map(({ port }) => port),
    auths: tokens.map((token) => JSON.stringify({ token })),
    packets: tokens.map(() => packet),
  } satisfies CallersRequest);
  await peer.call('closed', { seconds: 2, atOnce: CLOSED_CLIENTS });

  const runs = { max: [] as number[], p99: [] as number[], burst: [] as number[], bare: [] as number[], failed: [] as number[] };
  for (let i = 0; i < repeats; i += 1) {
    const closed = await peer.call<CallStats>('closed', { seconds, atOnce: CLOSED_CLIENTS });
    runs.max.push(closed.calls / closed.seconds);
    const paced = await peer.call<CallStats>('paced', { seconds, perSecond: runs.max[i]! / 2 });
    runs.p99.push(p99(paced));
    const burst = await peer.call<CallStats>('burst');
    runs.burst.push(burst.seconds);
    runs.bare.push(await bareSeconds(url, world, cursors));
    runs.failed.push(closed.failed + paced.failed + burst.failed);
    say(
      `catch-up: ${runs.max[i]!.toFixed(0)} pages/s, p99 at half ${runs.p99[i]!.toFixed(0)} ms, burst ${burst.seconds.toFixed(1)} s, bare ${runs.bare[i]!.toFixed(1)} s`,
    );
  }
  return {
    title: 'Catching up after a reconnect',
    setting: `${clients} clients, ${CONVERSATIONS} conversations each, ${MISSED} missed entries, which are one page; ${PODS} pods with ${POOL} connections to Postgres each; ${repeats} runs`,
    rows: [
      { what: 'pages at most, closed loop', value: median(runs.max), unit: 'pages/s' },
      { what: 'p99 at half of that', value: median(runs.p99), unit: 'ms', target: { atMost: 1_000 } },
      { what: `${clients} clients at once`, value: median(runs.burst), unit: 's' },
      { what: `the same SQL ${clients} times in a loop over ${POOL * PODS} connections`, value: median(runs.bare), unit: 's' },
      { what: 'at once ÷ bare loop', value: ratio(runs.burst, runs.bare), unit: '×', target: { atMost: 2 } },
      { what: 'refused at first, asked again', value: runs.failed.reduce((a, b) => a + b, 0), unit: '' },
    ],
    runs,
  };
}
