import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { startPods, type Person, type TestSocket } from './_pods.ts';

const PEOPLE = 80;

describe('after a scale-up', () => {
  it('sockets move to the new pod with one hint each, until every pod is within 20 % of the mean', async () => {
    await using cluster = await startPods(2, { REBALANCE_MOVES_PER_SECOND: '40' });
    const people = await cluster.guests(PEOPLE);
    const sockets = new Map<Person, TestSocket>();
    const hints = new Map<Person, number>();
    const perPod = [0, 0, 0];
    const live = new Set<Person>();

    const join = async (person: Person, pod: number): Promise<void> => {
      const socket = await cluster.connect(person, pod);
      sockets.set(person, socket);
      live.add(person);
      perPod[pod]! += 1;
      socket.socket.on('server:drain', ({ reason, reconnectInMs }: { reason: string; reconnectInMs: number }) => {
        assert.equal(reason, 'rebalance');
        assert.ok(reconnectInMs <= 1_000);
        hints.set(person, (hints.get(person) ?? 0) + 1);
        live.delete(person);
        perPod[pod]! -= 1;
        setTimeout(() => {
          socket[Symbol.dispose]();
          // A balancer by least connections, as most are.
          void join(person, perPod.indexOf(Math.min(...perPod)));
        }, reconnectInMs);
      });
    };
    await Promise.all(people.map((person, i) => join(person, i % 2)));
    await cluster.addPod();
    const mean = PEOPLE / 3;
    await eventually(() => live.size === PEOPLE && perPod.every((n) => Math.abs(n - mean) <= Math.max(mean * 0.2, 2 * Math.sqrt(mean))), {
      deadlineMs: 20_000,
      message: 'the pods did not become even',
    });
    assert.ok(hints.size >= 10, `${hints.size} sockets were moved`);
    assert.deepEqual([...new Set(hints.values())], [1]);
    for (const socket of sockets.values()) socket[Symbol.dispose]();
  });
});
