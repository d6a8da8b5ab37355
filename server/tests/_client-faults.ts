import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import type { Cluster } from './_cluster.ts';
import type { Fault, FaultTimes } from './_faults.ts';
import type { Person } from './_person.ts';

const tenth = 10;
/** Pings come every 20 s and are waited for 10 s; then the client looks for another pod. */
const noticedMs = 120_000;
const cutOffMs = 120_000;

/** Every tenth person, senders and receivers; others each round. */
const someOf = (people: readonly Person[], round: number): Person[] => people.filter((_, i) => (i + round) % tenth === 0);

/** Over all pods, since they started. */
async function cutOff({ pods }: Cluster): Promise<number> {
  const counts = pods.map(async ({ adminUrl }) => {
    const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return Number(/^chat_sockets_ended_total\{code="slow_consumer"\} (\d+)$/m.exec(await answer.text())?.[1] ?? 0);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** What the phones of a train in a tunnel do: the old sockets stay with the server until its pings give them up. */
function jitter({ rounds, everyMs }: FaultTimes['jitter']): Fault {
  return {
    name: `10 % of the clients dropping without FIN, ${rounds} times, every ${everyMs / 1_000} s`,
    of: 'clients',
    async inject({ world: { people } }) {
      for (let round = 0; round < rounds; round += 1) {
        for (const person of someOf(people, round)) person.abandon();
        await wait(everyMs);
      }
    },
  };
}

/** Neither side knows: what the server sends there is lost until the client's own patience with the pings is over. */
const halfOpen: Fault = {
  name: 'half-open TCP under 10 % of the clients',
  of: 'clients',
  async inject({ world: { people } }) {
    const deaf = someOf(people, 0);
    const before = new Map(deaf.map((person) => [person, person.drops]));
    for (const person of deaf) person.loseTheRoad();
    await eventually(() => deaf.every((person) => person.drops > (before.get(person) ?? 0) && person.isLive), {
      deadlineMs: noticedMs,
      message: 'everybody whose connection went silent has noticed and come back',
    });
  },
};

/** They get more than the buffers of two kernels and the server's own hold, and read none of it: the server must let them go. */
const slowReaders: Fault = {
  name: 'slow readers, flooded until they are cut off',
  of: 'clients',
  async inject({ cluster, world }) {
    const before = await cutOff(cluster);
    const flooding = new AbortController();
    for (const person of world.flooded) person.stopReading();
    const flood = world.flood(flooding.signal);
    try {
      await eventually(async () => (await cutOff(cluster)) >= before + world.flooded.length, {
        deadlineMs: cutOffMs,
        message: 'the server has cut the slow readers off',
      });
    } finally {
      flooding.abort();
      for (const person of world.flooded) person.readOn();
    }
    await flood;
  },
};

export const clientFaults = (times: FaultTimes['jitter']): Fault[] => [jitter(times), halfOpen, slowReaders];
