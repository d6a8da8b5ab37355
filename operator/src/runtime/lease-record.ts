import { defineResource, type KubeObject } from './object.ts';

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

export const LEASES = defineResource<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true });

export interface LeaseDurations {
  /** How long the others leave a silent leader alone. */
  leaseMs: number;
  /** How long a leader that cannot renew goes on. Less than leaseMs: the difference is what its last calls may take. */
  renewDeadlineMs: number;
  /** Between two renewals, and two looks of a candidate. */
  retryMs: number;
  /** How long the work may take to end when it is told to. */
  stopMs: number;
}

export const defaultDurations: LeaseDurations = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000, stopMs: 5_000 };

export function checkDurations({ leaseMs, renewDeadlineMs, retryMs }: LeaseDurations): void {
  if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs && retryMs > 0))
    throw new RangeError('a lease needs leaseMs > renewDeadlineMs > retryMs > 0');
}

/** Kubernetes' MicroTime. */
export const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');

/** The state of a lease as one candidate sees it: times are its own monotonic clock's, never those in the record. */
export interface Observation {
  lease: Lease;
  /** When this version was first seen. */
  seenAt: number;
}

export function observe(last: Observation | undefined, lease: Lease, now: number): Observation {
  return last?.lease.metadata.resourceVersion === lease.metadata.resourceVersion
    ? { lease, seenAt: last?.seenAt ?? now }
    : { lease, seenAt: now };
}

export type Claim = { may: true } | { may: false; holder: string; expiresAt: number };

/** Whether `identity` may take the lease. The longer of both durations counts, so that two settings never overlap. */
export function decideClaim(
  { lease: { spec = {} }, seenAt }: Observation,
  identity: string,
  { now, leaseMs }: { now: number; leaseMs: number },
): Claim {
  const holder = spec.holderIdentity ?? '';
  if (holder === '' || holder === identity) return { may: true };
  const expiresAt = seenAt + Math.max(leaseMs, (spec.leaseDurationSeconds ?? 0) * 1_000);
  return now >= expiresAt ? { may: true } : { may: false, holder, expiresAt };
}

export function claimedSpec(old: LeaseSpec | undefined, identity: string, { time, leaseMs }: { time: Date; leaseMs: number }): LeaseSpec {
  const isRenewal = old?.holderIdentity === identity;
  const transitions = old?.leaseTransitions ?? 0;
  return {
    ...old,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1_000),
    acquireTime: isRenewal && old.acquireTime ? old.acquireTime : microTime(time),
    renewTime: microTime(time),
    leaseTransitions: isRenewal || !old ? transitions : transitions + 1,
  };
}

/** Nobody holds it; the short duration is for candidates that look at nothing else. */
export function releasedSpec(old: LeaseSpec | undefined, time: Date): LeaseSpec {
  return { ...old, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(time), acquireTime: microTime(time) };
}
