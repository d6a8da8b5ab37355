import { setTimeout as pause } from 'node:timers/promises';
import { audit, findQueued } from './audit.ts';
import { nowMs } from './clock.ts';
import { createReference } from './oracle/acks.ts';
import { judgeStored } from './oracle/judge.ts';
import { tellStory } from './oracle/story.ts';
import { mergeVerdicts, type Verdict } from './oracle/verdict.ts';
import type { Pool } from './pool.ts';
import type { Population } from './population.ts';
import type { RunOptions } from './run.ts';
import type { ThreadState } from './thread-calls.ts';

function addStates(states: readonly ThreadState[]): ThreadState {
  const sum = { people: 0, live: 0, caughtUp: 0, unsent: 0 };
  for (const state of states) for (const key of ['people', 'live', 'caughtUp', 'unsent'] as const) sum[key] += state[key];
  return sum;
}

/** Asks until the answer pleases, or the time is over; gives the last answer. */
export async function until(
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

/** Within this after the last acknowledgement everybody who is connected has everything. */
const LIVE_MS = 5_000;

/** After the load: lets what is under way arrive, reads back what the server has, and compares. */
export async function judge(pool: Pool, population: Population, { settings, target, progress }: RunOptions) {
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
  const renewTokens = async () => {
    for (const { user, token } of (await pool.all('tokens', undefined)).flat()) population.accounts[user]!.token = token;
  };
  await renewTokens();
  const queued = (await pool.all('acks', undefined)).flatMap((part) => part.queued);
  const active = [
    ...new Set([...columns.flatMap(({ conversation }) => [...conversation]), ...queued.map(({ conversation }) => conversation)]),
  ];
  const stored = await audit({ urls: target.urls, population, active, renewTokens });
  const final = (await pool.all('acks', undefined)).map((part) => part.columns);
  const complete = createReference(final, length, findQueued(queued, stored));
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
  return { verdict, story, refusals, settledAfter, notConnected: settled.people - settled.live, unanswered: settled.unsent };
}

async function tellFirst(pool: Pool, { talks, accounts }: Population, { findings, worstLate }: Verdict): Promise<string[]> {
  // Where nothing is wrong, the slowest delivery is what one wants to understand.
  const finding = findings[0] ?? worstLate;
  if (!finding) return [];
  const users = [...new Set([...talks[finding.conversation]!.members, ...(finding.user === undefined ? [] : [finding.user])])];
  const parts = await pool.all('story', { conversation: finding.conversation, seq: finding.seq, users });
  return tellStory(finding, parts, { talk: talks[finding.conversation]!, userIds: accounts.map(({ userId }) => userId) });
}
