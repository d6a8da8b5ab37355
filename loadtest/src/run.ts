import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from './clock.ts';
import { createInjector, type FaultRecord, runFaults } from './faults/injector.ts';
import { planFaults, type PlannedFault } from './faults/plan.ts';
import type { Verdict } from './oracle/verdict.ts';
import { AckTimes } from './oracle/ack-times.ts';
import type { Plant } from './people/feed.ts';
import { faultCells } from './people/witness.ts';
import { Pool } from './pool.ts';
import { createPopulation, type Population } from './population.ts';
import { describe, type Progress } from './progress.ts';
import { LoadError } from './rest.ts';
import { createSampler } from './sampler.ts';
import type { Settings } from './settings.ts';
import { judge, until } from './settle.ts';
import type { Target } from './target.ts';
import { createServicesSampler } from './soak/services.ts';
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
  /** How long the load was on; shorter than asked for when it was stopped. */
  seconds: number;
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
  /** Sends without an answer when the patience was over. */
  unanswered: number;
}

/** The whole way: people, load, faults, and the judgement. */
export async function runLoad(options: RunOptions): Promise<RunResult> {
  const { settings, target, progress, signal } = options;
  const cells = new Float64Array(new SharedArrayBuffer(8 * faultCells.length));
  const timeline = new Timeline();
  const holder: { pool?: Pool } = {};
  const injector = createInjector(target, () => holder.pool!);
  // Planned first: a mistake in FAULTS shows before anything is made.
  const { faults: text, durationMs, faultEveryMs: everyMs, seed } = settings;
  const plan = planFaults({ text, durationMs, everyMs, seed, available: injector.available });
  const population = await prepare(options);
  await using threads = await Pool.start(divide(population, options, cells), (thread, reading) => timeline.addReading(thread, reading));
  holder.pool = threads;
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
  const loading = new AbortController();
  // However this ends, nothing goes on behind it, and nothing stays frozen.
  const ending = new AbortController();
  await using stack = new AsyncDisposableStack();
  const watched = watch({ timeline, target, progress, loading: loading.signal, signal: ending.signal });
  stack.defer(() => watched);
  const weighed = weighServices({ timeline, target, signal: ending.signal });
  stack.defer(() => weighed);
  const faultSignal = AbortSignal.any([signal, ending.signal]);
  const faults = runFaults({ plan, injector, startedAtMs, durationMs, cells, signal: faultSignal, say: (line) => progress.say(line) });
  stack.defer(async () => void (await faults));
  stack.defer(() => ending.abort());
  await pause(durationMs, undefined, { signal }).catch(() => undefined);
  const seconds = Math.round(nowMs() - startedAtMs) / 1_000;
  const records = await faults;
  loading.abort();
  await threads.all('stop', undefined);
  const judged = await judge(threads, population, options);
  ending.abort();
  await threads.all('end', undefined);
  const members = population.talks.reduce((sum, talk) => sum + talk.members.length, 0);
  return {
    startedAt,
    seconds,
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
  const ackTimes = AckTimes.createCells();
  return Array.from({ length: workers }, (_, index) => ({
    accounts: accounts.filter(({ user }) => user % workers === index),
    talks,
    urls: target.urls,
    seed: seed + index + 1,
    journalLines,
    faults,
    ackTimes,
    plant,
  }));
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
  /** After this only samples are taken. */
  loading: AbortSignal;
  signal: AbortSignal;
}

async function watch({ timeline, target, progress, loading, signal }: Watched): Promise<void> {
  const sample = createSampler(target);
  let before = { acknowledged: 0, deliveries: 0, atMs: nowMs() };
  while (!signal.aborted) {
    const startedAtMs = nowMs();
    timeline.addSample(startedAtMs, await sample());
    const { latest } = timeline;
    if (!loading.aborted) progress.update(describe(latest, before, (nowMs() - before.atMs) / 1_000));
    const sum = (name: 'acknowledged' | 'deliveries') => latest.reduce((total, { counters }) => total + counters[name], 0);
    before = { acknowledged: sum('acknowledged'), deliveries: sum('deliveries'), atMs: nowMs() };
    await pause(Math.max(0, 1_000 - (nowMs() - startedAtMs)), undefined, { signal }).catch(() => undefined);
  }
}

const WEIGH_MS = 5_000;

/** Sizes of Postgres and Redis, apart from the pods' figures: a frozen server must not hold those up. */
async function weighServices({ timeline, target, signal }: Pick<Watched, 'timeline' | 'target' | 'signal'>): Promise<void> {
  const sample = createServicesSampler(target);
  if (!sample) return;
  while (!signal.aborted) {
    const startedAtMs = nowMs();
    timeline.addServices(startedAtMs, await sample());
    await pause(Math.max(0, WEIGH_MS - (nowMs() - startedAtMs)), undefined, { signal }).catch(() => undefined);
  }
}

export const cores = availableParallelism();
