import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@chatcluster/loadtest/random';
import { assumed, million, readMeasured } from './figures.ts';
import { demandOf, planFor, podsReached } from './model.ts';
import { simulate } from './simulate.ts';

const within = (actual: number, expected: number, share: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= expected * share, `${what}: ${actual} is not near ${expected}`);

for (const pods of [2, 10, 84]) {
  test(`what the formulas say of ${pods} pods is what a simulation counts`, () => {
    const counted = simulate(million, { pods, messages: 200_000, random: createRandom(7) });
    const said = demandOf(million, pods);
    within(said.deliveriesPerSecond, counted.deliveriesPerSecond, 0.02, 'deliveries');
    // A hall of 200 is reached by as many as are online, which the formula takes at its mean: a little too much.
    within(said.inboxEntriesPerSecond, counted.inboxEntriesPerSecond, 0.04, 'inbox entries');
  });
}

test('one person sits on one pod, and many on all of them', () => {
  within(podsReached(10, 1), 1, 1e-9, 'pods');
  within(podsReached(10, 1_000), 10, 0.001, 'pods');
});

test('a plan has room for every socket and for the work', () => {
  const plan = planFor(million, readMeasured(), assumed);
  assert.ok(plan.pods * assumed.socketsPerPod >= plan.sockets);
  assert.ok(plan.pods >= plan.podCores);
});

test('ten times the users need about ten times the pods, and cost each of them as much', () => {
  const [one, ten] = [million.users, million.users * 10].map((users) => planFor({ ...million, users }, readMeasured(), assumed));
  within(ten!.pods, one!.pods * 10, 0.05, 'pods');
  within(ten!.costPerMonthPer1000Users, one!.costPerMonthPer1000Users, 0.1, 'cost');
});
