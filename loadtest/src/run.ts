import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { audit, completeReference } from './audit.ts';
import { nowMs } from './clock.ts';
import { createInjector, type FaultRecord, runFaults } from './faults/injector.ts';
import { planFaults, type PlannedFault } from './faults/plan.ts';
import { createReference } from './oracle/acks.ts';
import { judgeStored } from './oracle/judge.ts';
import { tellStory } from './oracle/story.ts';
import { mergeVerdicts, type Verdict } from './oracle/verdict.ts';
import type { Plant } from './people/feed.ts';
import { faultCells } from './people/witness.ts';
import { Pool } from './pool.ts';
import { createPopulation, type Population } from './population.ts';
import { describe, type Progress } from './progress.ts';
import { LoadError } from './rest.ts';
import { createSampler } from './sampler.ts';
import type { Settings } from './settings.ts';
import type { Target } from './target.ts';
import type { ThreadState } from './thread-calls.ts';
import { Timeline } from './timeline.ts';

export interface RunOptions {
  settings: Settings;
  target: Target;
  progress: Progress;
  signal: AbortSignal;
  /** A defect of one client on purpose; tests only. */
  plant?: Plant;
}

export interface RunResult {
  startedAt: string;
  population: { people: number; conversations: number; members: number };
  plan: PlannedFault[];
  faults: FaultRecord[];
  timeline: Timeline;
  verdict: Verdict;
  story: string[];
  refusals: Record<string, number>;
  /** Seconds that the last acknowledgements and deliveries took after the load. */
  settledAfter: number;
  notConnected: number;
}

/** The whole way: people, load, faults, and the judgement. */
export async function runLoad(options: RunOptions): Promise<RunResult> {
  const { settings, target, progress, signal } = options;
  const cells = new Float64Array(new SharedArrayBuffer(8 * faultCells.length));
  const timeline = new Timeline();
  let pool: Pool | undefined;
  const injector = createInjector(target, () => pool!);
  // Planned first: a mistake in FAULTS shows before anything is made.
  const { faults: text, durationMs, faultEveryMs: everyMs, seed } = settings;
  const plan = planFaults({ text, durationMs, everyMs, seed, available: injector.available });
  const population = await prepare(options);
  pool = await Pool.start(divide(population, options, cells), (thread, reading) => timeline.addReading(thread, reading));
  await using threads = pool;
  await connectAll(threads, options);
  const startedAtMs = nowMs();
  const startedAt = new Date().toISOString();
  timeline.begin(startedAtMs);
  await threads.all('start', {
    ...settings,
    messagesPerSecond: settings.messagesPerSecond / threads.size,
    switchesPerMessage: 1,
    typingPerMessage: 1,
  });
  const watching = new AbortController();
  const watched = watch({ timeline, target, progress, signal: watching.signal });
  const faults = runFaults({ plan, injector, startedAtMs, cells, signal, say: (line) => progress.say(line) });
  await pause(durationMs, undefined, { signal }).catch(() => undefined);
  const records = await faults;
  await threads.all('stop', undefined);
  const judged = await judge(threads, population, options);
  watching.abort();
  await watched;
  await threads.all('end', undefined);
  const members = population.talks.reduce((sum, talk) => sum + talk.members.length, 0);
  return {
    startedAt,
    population: { people: population.accounts.length, conversations: population.talks.length, members },
    plan,
    faults: records,
    timeline,
    ...judged,
  };
}

async function prepare({ settings, target, progress }: RunOptions): Promise<Population> {
  let pausedMs = 0;
  const population = await createPopulation({
    urls: target.urls,
    kind: settings.accounts,
    size: settings,
    seed: settings.seed,
    onProgress: (done, of, what) => progress.update(`preparing: ${done} of ${of} ${what}`),
    onPause: (ms) => {
      pausedMs += ms;
    },
  });
  progress.say(`${population.accounts.length} people in ${population.talks.length} conversations`);
  if (pausedMs > 5_000) progress.say('the server slowed the preparation down; for load tests start it with RATE_LIMITS=off');
  return population;
}

function divide({ accounts, talks }: Population, { settings, target, plant }: RunOptions, faults: Float64Array) {
  const { workers, seed, journalLines } = settings;
  return Array.from({ length: workers }, (_, index) => ({
    accounts: accounts.filter(({ user }) => user % workers === index),
    talks,
    urls: target.urls,
    seed: seed + index + 1,
    journalLines,
    faults,
    plant,
  }));
}

export function addStates(states: readonly ThreadState[]): ThreadState {
  const sum = { people: 0, live: 0, caughtUp: 0, unsent: 0 };
  for (const state of states) for (const key of ['people', 'live', 'caughtUp', 'unsent'] as const) sum[key] += state[key];
  return sum;
}

/** Asks until the answer pleases, or the time is over; gives the last answer. */
async function until(
  pool: Pool,
  limitMs: number,
  isDone: (state: ThreadState) => boolean | Promise<boolean>,
  show: (state: ThreadState) => void,
) {
  for (const end = nowMs() + limitMs; ; ) {
    const state = addStates(await pool.all('state', undefined));
    show(state);
    if ((await isDone(state)) || nowMs() > end) return state;
    await pause(100);
  }
}

const CONNECT_EXTRA_MS = 60_000;

async function connectAll(pool: Pool, { settings, progress, signal }: RunOptions): Promise<void> {
  const { users, connectsPerSecond } = settings;
  await pool.all('connect', { perSecond: connectsPerSecond / pool.size });
  const limitMs = (users / connectsPerSecond) * 1_000 + CONNECT_EXTRA_MS;
  const { caughtUp, people } = await until(
    pool,
    limitMs,
    (state) => signal.aborted || state.caughtUp === state.people,
    (state) => progress.update(`connecting: ${state.live} of ${state.people}`),
  );
  if (caughtUp === 0) throw new LoadError('nobody could connect; is the server running, and does it let so many in? (RATE_LIMITS=off)');
  progress.say(
    `${caughtUp} of ${people} connected${caughtUp < people ? '; the others go on trying (RATE_LIMITS=off lets them in faster)' : ''}`,
  );
}

interface Watched {
  timeline: Timeline;
  target: Target;
  progress: Progress;
  signal: AbortSignal;
}

async function watch({ timeline, target, progress, signal }: Watched): Promise<void> {
  const sample = createSampler(target);
  let before = { acknowledged: 0, deliveries: 0, atMs: nowMs() };
  while (!signal.aborted) {
    const startedAtMs = nowMs();
    timeline.addSample(startedAtMs, await sample());
    const { latest } = timeline;
    progress.update(describe(latest, before, (nowMs() - before.atMs) / 1_000));
    const sum = (name: 'acknowledged' | 'deliveries') => latest.reduce((total, { counters }) => total + counters[name], 0);
    before = { acknowledged: sum('acknowledged'), deliveries: sum('deliveries'), atMs: nowMs() };
    await pause(Math.max(0, 1_000 - (nowMs() - startedAtMs)), undefined, { signal }).catch(() => undefined);
  }
}

/** Within this after the last acknowledgement everybody who is connected has everything. */
const LIVE_MS = 5_000;

async function judge(pool: Pool, population: Population, { settings, target, progress }: RunOptions) {
  const startedAtMs = nowMs();
  const settled = await until(
    pool,
    settings.settleMs,
    (state) => state.unsent === 0 && state.caughtUp === state.people,
    (state) => progress.update(`settling: ${state.unsent} messages unanswered, ${state.people - state.caughtUp} people not back yet`),
  );
  const acks = await pool.all('acks', undefined);
  const columns = acks.map((part) => part.columns);
  const { length } = population.talks;
  const reference = createReference(columns, length);
  const behind = async () => (await pool.all('behind', reference)).reduce((sum, count) => sum + count, 0);
  await until(
    pool,
    LIVE_MS,
    async () => (await behind()) === 0,
    () => progress.update('settling: the last deliveries'),
  );
  const settledAfter = (nowMs() - startedAtMs) / 1_000;
  if ((await behind()) > 0) await pool.all('ask', reference);
  progress.update('reading everything back from the server');
  const queued = (await pool.all('acks', undefined)).flatMap((part) => part.queued);
  const active = [
    ...new Set([...columns.flatMap(({ conversation }) => [...conversation]), ...queued.map(({ conversation }) => conversation)]),
  ];
  const stored = await audit(target.urls, population, active);
  const complete = completeReference(
    (await pool.all('acks', undefined)).map((part) => part.columns),
    queued,
    stored,
    length,
  );
  const last = judgeStored(stored, complete, queued, nowMs());
  const parts = await pool.all('judge', complete);
  const verdict: Verdict = {
    acknowledged: complete.seqs.length,
    queued: queued.length,
    ...mergeVerdicts([...parts, { deliveries: 0, late: 0, counts: last.counts, findings: last.first }]),
  };
  const refusals = (await pool.all('refusals', undefined)).reduce<Record<string, number>>((sum, part) => {
    for (const [code, count] of Object.entries(part)) sum[code] = (sum[code] ?? 0) + count;
    return sum;
  }, {});
  const story = await tellFirst(pool, population, verdict);
  return { verdict, story, refusals, settledAfter, notConnected: settled.people - settled.live };
}

async function tellFirst(pool: Pool, { talks, accounts }: Population, { findings }: Verdict): Promise<string[]> {
  const [finding] = findings;
  if (!finding) return [];
  const users = [...new Set([...talks[finding.conversation]!.members, ...(finding.user === undefined ? [] : [finding.user])])];
  const parts = await pool.all('story', { conversation: finding.conversation, seq: finding.seq, users });
  return tellStory(finding, parts, { talk: talks[finding.conversation]!, userIds: accounts.map(({ userId }) => userId) });
}

export const cores = availableParallelism();
