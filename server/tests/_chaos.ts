import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import type { Cluster } from './_cluster.ts';
import type { Fault } from './_faults.ts';
import { judge, type Verdict } from './_oracle.ts';
import { createWorld } from './_world.ts';

/** Everyone connected has every acknowledged message this long after the end of a fault. */
const limitMs = 5_000;
/** Acknowledged messages before the fault. */
const underWay = 300;
const afterwardsMs = 1_500;

export interface Report extends Verdict {
  fault: string;
  faultMs: number;
  /** Acknowledged while the fault lasted. */
  acknowledgedDuring: number;
  /** Until the open sends were stored after the load was told to stop, and until everybody had everything after that. */
  stopMs: number;
  settleMs: number;
  /** Sockets that were lost, and the longest time until that person was back. */
  drops: number;
  worstAwayMs: number;
  /** What a client met that no fault excuses. */
  clientFaults: string[];
}

/** A load over the cluster with one fault in the middle; the judgement is the caller's to check. */
export async function runFault(cluster: Cluster, fault: Fault): Promise<Report> {
  await cluster.heal();
  using world = await createWorld(cluster);
  const { acknowledged, people } = world;
  world.start();
  await eventually(() => acknowledged.length >= underWay, { message: 'the load is under way' });
  const startedAtMs = performance.now();
  await fault.inject(cluster);
  const endedAtMs = performance.now();
  world.quieten();
  await wait(afterwardsMs);
  await world.stop();
  const stoppedAtMs = performance.now();
  const leftMs = Math.max(0, endedAtMs + limitMs - performance.now()) + 1_000;
  // What is missing then is for the judge to say, with numbers; who is away is known now: a moment later a pod may move somebody.
  await eventually(async () => (await world.findQueued()) && world.isSettled(), { deadlineMs: leftMs }).catch(() => undefined);
  const away = people.flatMap(({ isLive }) => (isLive ? [] : ['not connected']));
  const settledAtMs = performance.now();
  const stored = await world.loadStored();
  return {
    fault: fault.name,
    faultMs: Math.round(endedAtMs - startedAtMs),
    acknowledgedDuring: acknowledged.filter(({ atMs }) => atMs > startedAtMs && atMs < endedAtMs).length,
    stopMs: Math.round(stoppedAtMs - endedAtMs - afterwardsMs),
    settleMs: Math.round(settledAtMs - stoppedAtMs),
    drops: people.reduce((sum, { drops }) => sum + drops, 0),
    worstAwayMs: Math.round(Math.max(...people.map(({ longestAwayMs }) => longestAwayMs))),
    clientFaults: [...people.flatMap(({ faults }) => faults), ...away],
    ...judge({ acknowledged, stored, members: world.memberLogs(), faultEndedAtMs: endedAtMs, limitMs }),
  };
}
