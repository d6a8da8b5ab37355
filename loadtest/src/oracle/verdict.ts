/** What can be wrong, in the order of severity. */
export const findingKinds = {
  missing: 'acknowledged, but not stored under that number',
  queuedLost: 'acknowledged as queued, but neither stored nor rejected',
  lost: 'a member never got it, neither live nor by sync',
  stale: 'a connected member got it only when it asked again',
  twice: 'a member applied it twice',
  storedTwice: 'stored twice under different numbers',
  misordered: 'a member applied it after a later one',
  different: 'members have different messages under one number',
  senderOrder: "one sender's messages in turn got descending numbers",
  ended: 'the server ended a session that had done nothing wrong',
} as const;
export type FindingKind = keyof typeof findingKinds;

export interface Finding {
  kind: FindingKind;
  conversation: number;
  seq: number;
  /** The member concerned, where it is one. */
  user?: number;
  /** When it was seen; findings of the last check have the time of that. */
  atMs: number;
}

/** A delivery over the limit. */
export interface Late extends Omit<Finding, 'kind' | 'user'> {
  user: number;
  /** Over the moment from which it counts. */
  lateMs: number;
}

export type Counts = Record<FindingKind, number>;

export const noFindings = (): Counts => Object.fromEntries(Object.keys(findingKinds).map((kind) => [kind, 0])) as Counts;

const KEPT = 20;

/** Counts all, keeps the first few. */
export class Findings {
  readonly counts = noFindings();
  readonly first: Finding[] = [];

  add(finding: Finding): void {
    this.counts[finding.kind] += 1;
    if (this.first.length < KEPT) this.first.push(finding);
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}

export interface Verdict {
  acknowledged: number;
  queued: number;
  /** Pairs of an acknowledged message and a member who must have it. */
  deliveries: number;
  counts: Counts;
  /** Deliveries to connected members over the limit. */
  late: number;
  /** The worst of them. */
  worstLate?: Late;
  findings: Finding[];
}

/** What one thread, or one check, has to say. */
export type VerdictPart = Omit<Verdict, 'acknowledged' | 'queued'>;

export function mergeVerdicts(parts: readonly VerdictPart[]): VerdictPart {
  const counts = noFindings();
  for (const part of parts) for (const kind of Object.keys(counts) as FindingKind[]) counts[kind] += part.counts[kind];
  return {
    counts,
    deliveries: parts.reduce((sum, { deliveries }) => sum + deliveries, 0),
    late: parts.reduce((sum, { late }) => sum + late, 0),
    worstLate: parts
      .flatMap(({ worstLate }) => worstLate ?? [])
      .sort((a, b) => b.lateMs - a.lateMs)
      .at(0),
    findings: parts
      .flatMap(({ findings }) => findings)
      .sort((a, b) => a.atMs - b.atMs)
      .slice(0, KEPT),
  };
}

export const wrongCount = ({ counts }: Pick<Verdict, 'counts'>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
