import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import type { Cluster } from './_cluster.ts';
import type { Fault, StageParts } from './_faults.ts';
import { judge, type Limits, type Verdict } from './_oracle.ts';
import { createWorld } from './_world.ts';

/** Acknowledged messages before the fault. */
const underWay = 300;
const afterwardsMs = 1_500;

export interface Report extends Verdict {
  fault: string;
  faultMs: number;
  /** What was done, where the name does not say it all. */
  details?: string;
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

export interface FaultRun extends StageParts {
  cluster: Cluster;
  fault: Fault;
  limits: Limits;
  /** An even number; four times as many only receive. */
  senders: number;
}

/** A load over the cluster with one fault in the middle; the judgement is the caller's to check. */
export async function runFault({ cluster, fault, limits, senders, ...parts }: FaultRun): Promise<Report> {
  await cluster.heal();
  using world = await createWorld(cluster, senders);
  const { acknowledged, people } = world;
  world.start();
  await eventually(() => acknowledged.length >= underWay, { deadlineMs: 60_000, message: 'the load is under way' });
  const startedAtMs = performance.now();
  const details = await fault.inject({ cluster, world, ...parts });
  const endedAtMs = performance.now();
  world.quieten();
  await wait(afterwardsMs);
  await world.stop();
  const stoppedAtMs = performance.now();
  const leftMs = Math.max(0, endedAtMs + limits.afterFaultMs - performance.now()) + 1_000;
  // What is missing then is for the judge to say, with numbers; who is away is known now: a moment later a pod may move somebody.
  await eventually(async () => (await world.findQueued()) && world.isSettled(), { deadlineMs: leftMs }).catch(() => undefined);
  const away = people.flatMap(({ isLive }) => (isLive ? [] : ['not connected']));
  const settledAtMs = performance.now();
  const stored = await world.loadStored();
  return {
    fault: fault.name,
    ...(details && { details }),
    faultMs: Math.round(endedAtMs - startedAtMs),
    acknowledgedDuring: acknowledged.filter(({ atMs }) => atMs > startedAtMs && atMs < endedAtMs).length,
    stopMs: Math.round(stoppedAtMs - endedAtMs - afterwardsMs),
    settleMs: Math.round(settledAtMs - stoppedAtMs),
    drops: people.reduce((sum, { drops }) => sum + drops, 0),
    worstAwayMs: Math.round(Math.max(...people.map(({ longestAwayMs }) => longestAwayMs))),
    clientFaults: [...people.flatMap(({ faults }) => faults), ...away],
    ...judge({ acknowledged, stored, members: world.memberLogs(), faultEndedAtMs: endedAtMs, limits }),
  };
}
