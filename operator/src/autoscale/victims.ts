/** A realtime pod as a scale-down sees it. */
export interface Candidate {
  name: string;
  uid: string;
  isReady: boolean;
  isScheduled: boolean;
  /** Absent: unknown. */
  connections?: number;
  /** The annotation's value now. */
  deletionCost: number;
}

export interface CostChange {
  name: string;
  uid: string;
  cost: number;
}

/** The annotation that the ReplicaSet controller reads when it has to choose. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * Who leaves: the ReplicaSet controller takes unscheduled and unready pods first whatever the costs are, so they are
 * counted first; then those with the fewest connections. Unknown counts as the most.
 */
export function selectVictims(pods: readonly Candidate[], count: number): Candidate[] {
  return [...pods].sort(byLoss).slice(0, Math.max(0, count));
}

function byLoss(a: Candidate, b: Candidate): number {
  return rank(a) - rank(b) || load(a) - load(b) || (a.name < b.name ? -1 : 1);
}

function rank({ isScheduled, isReady }: Candidate): number {
  if (!isScheduled) return 0;
  return isReady ? 2 : 1;
}

function load({ connections }: Candidate): number {
  return connections ?? Number.MAX_SAFE_INTEGER;
}

/** Cheapest of all for the victims, in their order; others lose a mark that an earlier plan left on them. */
export function planVictimCosts(pods: readonly Candidate[], victims: readonly Candidate[]): CostChange[] {
  const costs = new Map(victims.map((victim, index) => [victim.uid, index - victims.length]));
  return listChanges(pods, ({ uid, deletionCost }) => costs.get(uid) ?? Math.max(0, deletionCost));
}

/**
 * For engines that choose the moment themselves: the cost is the number of connections, in steps of about a tenth, so that
 * a busy cluster is not one annotation per pod and reading.
 */
export function planCurrentCosts(pods: readonly Candidate[]): CostChange[] {
  return listChanges(pods, ({ connections, deletionCost }) => (connections === undefined ? deletionCost : coarse(connections)));
}

function coarse(connections: number): number {
  if (connections < 10) return connections;
  const step = 10 ** Math.floor(Math.log10(connections) - 1) * 2;
  return Math.round(connections / step) * step;
}

function listChanges(pods: readonly Candidate[], costOf: (pod: Candidate) => number): CostChange[] {
  return pods.flatMap((pod) => {
    const cost = costOf(pod);
    return cost === pod.deletionCost ? [] : [{ name: pod.name, uid: pod.uid, cost }];
  });
}

export interface PendingScaleDown {
  victims: { name: string; uid: string }[];
  /** Pods that were to stay. */
  keepers: { name: string; uid: string }[];
  atMs: number;
}

export type Verdict = { state: 'waiting' } | { state: 'confirmed' } | { state: 'unexpected'; names: string[] };

/** Compares who was to leave with who did; `present` are the pods that are not going away. */
export function verifyVictims(pending: PendingScaleDown, present: ReadonlySet<string>): Verdict {
  const lost = pending.keepers.filter(({ uid }) => !present.has(uid));
  const staying = pending.victims.filter(({ uid }) => present.has(uid));
  if (staying.length === 0) return { state: 'confirmed' };
  if (lost.length > 0) return { state: 'unexpected', names: lost.map(({ name }) => name) };
  return { state: 'waiting' };
}
