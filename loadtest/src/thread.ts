import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from './clock.ts';
import { AckTimes } from './oracle/ack-times.ts';
import { Meters } from './meters.ts';
import { judgeMembers, slotsBehind } from './oracle/judge.ts';
import type { Slot } from './oracle/deliveries.ts';
import { mergeVerdicts } from './oracle/verdict.ts';
import { Crowd } from './people/crowd.ts';
import { Person } from './people/person.ts';
import { Witness } from './people/witness.ts';
import { createRandom, pickInt } from './random.ts';
import type { FromThread, ThreadCalls, ThreadData, ThreadState, ToThread } from './thread-calls.ts';
import { createEntriesReader } from './wire/packets.ts';

const READING_MS = 1_000;

function createPeople({ accounts, talks, urls, seed, journalLines, faults, ackTimes, plant }: ThreadData) {
  const slots: Slot[] = [];
  const slotMaps = accounts.map(({ user, conversations }) => {
    const first = slots.length;
    for (const conversation of conversations) slots.push({ user, conversation, from: talks[conversation]!.from });
    return new Map(conversations.map((conversation, i) => [talks[conversation]!.id, first + i]));
  });
  const meters = new Meters();
  const random = createRandom(seed);
  const witness = new Witness({ slots, conversationCount: talks.length, journalLines, meters, faults, ackTimes: new AckTimes(ackTimes) });
  const refusals = new Map<string, number>();
  const shared = { talks, urls, witness, meters, random, refusals, plant, readEntries: createEntriesReader() };
  const persons = accounts.map((account, i) => new Person({ ...shared, account, slotOf: slotMaps[i]! }));
  const slotOf = new Map(persons.map((person, i) => [person, slotMaps[i]!]));
  const crowd = new Crowd({ persons, talks, random, meters, slotOf: (person, id) => slotOf.get(person)!.get(id)! });
  return { persons, crowd, witness, meters, random, refusals };
}

function createCalls(people: ReturnType<typeof createPeople>, talks: ThreadData['talks']): ThreadCalls {
  const { persons, crowd, witness, random, refusals } = people;
  const byUser = new Map(persons.map((person) => [person.account.user, person]));
  return {
    connect: ({ perSecond }) => crowd.connect(perSecond),
    state: () => stateOf(persons),
    start: (plan) => crowd.start(plan),
    stop: () => crowd.stop(),
    fault({ kind, share }) {
      const live = persons.filter((person) => person.line);
      for (let i = 0; i < Math.round(live.length * share); i += 1) {
        const [person] = live.splice(pickInt(random, live.length), 1);
        if (kind === 'drop') person?.drop();
        else person?.goSilent();
      }
      return live.length;
    },
    tokens: () => Promise.all(persons.map(async (person) => ({ user: person.account.user, token: await person.token() }))),
    acks: () => ({ columns: witness.acks.toColumns(), queued: [...witness.acks.queued], pods: witness.pods }),
    behind: (reference) => slotsBehind(witness.deliveries, reference).length,
    async ask(reference) {
      const before = judgeMembers(witness.deliveries, reference, nowMs()).findings;
      const behind = Map.groupBy(slotsBehind(witness.deliveries, reference), (slot) => witness.deliveries.slots[slot]!.user);
      await Promise.all(
        [...behind].map(([user, slots]) =>
          byUser.get(user)!.feed.sync(slots.map((s) => talks[witness.deliveries.slots[s]!.conversation]!.id)),
        ),
      );
      const after = judgeMembers(witness.deliveries, reference, nowMs()).findings;
      const left = new Set(after.first.map(({ conversation, seq, user }) => `${conversation} ${seq} ${user}`));
      const cured = before.counts.lost - after.counts.lost;
      const firstCured = before.first.filter(
        ({ kind, conversation, seq, user }) => kind === 'lost' && !left.has(`${conversation} ${seq} ${user}`),
      );
      for (let i = 0; i < cured; i += 1) witness.findings.add({ ...firstCured[Math.min(i, firstCured.length - 1)]!, kind: 'stale' });
      return cured;
    },
    judge(reference) {
      const last = judgeMembers(witness.deliveries, reference, nowMs());
      const early = {
        deliveries: 0,
        late: witness.late,
        worstLate: witness.worstLate,
        counts: witness.findings.counts,
        findings: witness.findings.first,
      };
      return mergeVerdicts([early, { deliveries: last.deliveries, late: 0, counts: last.findings.counts, findings: last.findings.first }]);
    },
    story: ({ conversation, seq, users }) => ({
      ack: witness.acks.find(conversation, seq),
      pods: witness.pods,
      lines: witness.journal.about(conversation, seq, new Set(users)),
      forgotBeforeMs: witness.journal.forgotBeforeMs,
    }),
    refusals: () => Object.fromEntries(refusals),
    end: () => crowd.close(),
  };
}

function stateOf(persons: Person[]): ThreadState {
  return {
    people: persons.length,
    live: persons.filter((person) => person.line).length,
    caughtUp: persons.filter((person) => person.feed.isCaughtUp).length,
    unsent: persons.reduce((sum, { sender }) => sum + sender.size, 0),
  };
}

function countPods(persons: Person[]): Record<string, number> {
  const byPod: Record<string, number> = {};
  for (const { line } of persons) if (line) byPod[line.podId] = (byPod[line.podId] ?? 0) + 1;
  return byPod;
}

const PROBE_MS = 20;

function serve(data: ThreadData, post: (message: FromThread) => void): void {
  const people = createPeople(data);
  const { persons, meters, witness } = people;
  const calls = createCalls(people, data.talks);
  let loopLagMs = 0;
  let probedAtMs = nowMs();
  const probe = setInterval(() => {
    const now = nowMs();
    loopLagMs = Math.max(loopLagMs, now - probedAtMs - PROBE_MS);
    probedAtMs = now;
  }, PROBE_MS);
  const readings = setInterval(() => {
    const state = { ...stateOf(persons), byPod: countPods(persons), wrong: witness.findings.total, loopLagMs };
    post({ reading: { atMs: nowMs(), ...meters.take(), ...state } });
    loopLagMs = 0;
  }, READING_MS);
  parentPort?.on('message', async ({ id, name, argument }: ToThread) => {
    try {
      const call = calls[name] as (argument: unknown) => unknown;
      post({ id, value: await call(argument) });
    } catch (error) {
      post({ id, error: (error as Error).stack ?? String(error) });
    }
    if (name !== 'end') return;
    clearInterval(probe);
    clearInterval(readings);
    parentPort?.close();
  });
  post({ isReady: true });
}

if (parentPort) serve(workerData as ThreadData, (message) => parentPort?.postMessage(message, []));
