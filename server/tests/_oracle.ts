import type { ConversationLog, Numbered, WireCounts } from './_reader.ts';

/**
 * A send that the cluster answered with `stored`, or with `queued`: then its number is the one that Postgres has in the end, and
 * 0 when it has none. Each sender's are in the order in which they were made.
 */
export interface Acknowledged extends Numbered {
  conversationId: string;
  /** @default false */
  isQueued?: boolean;
  senderId: string;
  atMs: number;
}

/** An entry as Postgres holds it. */
export interface StoredEntry extends Numbered {
  actorId: string;
  clientMsgId: string | null;
}

/** What one member's client applied. */
export interface MemberLog {
  userId: string;
  /** Since when it has been connected without a break. */
  connectedAtMs: number;
  logs: ReadonlyMap<string, ConversationLog>;
  wire: WireCounts;
}

export interface Evidence {
  acknowledged: readonly Acknowledged[];
  stored: ReadonlyMap<string, readonly StoredEntry[]>;
  members: readonly MemberLog[];
  faultEndedAtMs: number;
  limits: Limits;
}

/** A delivery is late when both are over. */
export interface Limits {
  /** From the acknowledgement. */
  afterAckMs: number;
  /** From the end of the fault, or from the member's own reconnect after it. */
  afterFaultMs: number;
}

export interface Verdict {
  acknowledged: number;
  /** Of them, as queued. */
  queued: number;
  deliveries: number;
  /** Acknowledged messages that a member never applied, summed over members. */
  lost: number;
  /** Applied again by a member, or stored again for one clientMsgId. */
  appliedTwice: number;
  /** Applied in another order than Postgres has, numbers with holes, or sends in turn whose numbers do not ascend. */
  outOfOrder: number;
  /** Acknowledged, but not in Postgres under the acknowledged number. */
  acknowledgedButMissing: number;
  /** Over the limits. */
  late: number;
  p99Ms: number;
  worstMs: number;
  wire: WireCounts;
}

interface Counts {
  lost: number;
  appliedTwice: number;
  outOfOrder: number;
  late: number;
  delaysMs: number[];
}

const count = <T>(items: readonly T[], matches: (item: T, index: number) => boolean): number => items.filter(matches).length;

function judgeStored(stored: readonly StoredEntry[]): { twice: number; holes: number } {
  const sends = stored.flatMap(({ actorId, clientMsgId }) => (clientMsgId === null ? [] : [`${actorId} ${clientMsgId}`]));
  return { twice: sends.length - new Set(sends).size, holes: count(stored, ({ seq }, i) => seq !== i + 1) };
}

/** Sends that one person makes in turn keep that order. */
function countSendersMisordered(acknowledged: readonly Acknowledged[]): number {
  const turns = Map.groupBy(acknowledged, ({ senderId, conversationId }) => `${senderId} ${conversationId}`);
  return [...turns.values()].reduce((sum, turn) => sum + count(turn, ({ seq }, i) => seq <= (turn[i - 1]?.seq ?? 0)), 0);
}

interface LogEvidence {
  log: ConversationLog;
  sent: readonly Acknowledged[];
  ids: ReadonlyMap<number, string>;
  /** End of the fault, or of this member's absence. */
  sinceMs: number;
  limits: Limits;
}

function judgeLog({ log, sent, ids, sinceMs, limits }: LogEvidence): Counts {
  const { applied, from } = log;
  const at = new Map<string, number>();
  for (const { id, atMs } of applied) if (!at.has(id)) at.set(id, atMs);
  const due = sent.filter(({ seq }) => seq > from);
  const found = due.flatMap(({ id, atMs }) => (at.has(id) ? [{ ackedAtMs: atMs, appliedAtMs: at.get(id) ?? 0 }] : []));
  const isLate = ({ ackedAtMs, appliedAtMs }: { ackedAtMs: number; appliedAtMs: number }) =>
    appliedAtMs > Math.max(ackedAtMs + limits.afterAckMs, sinceMs + limits.afterFaultMs);
  return {
    lost: due.length - found.length,
    appliedTwice: applied.length - at.size,
    outOfOrder: count(applied, ({ seq, id }, i) => seq <= (applied[i - 1]?.seq ?? from) || ids.get(seq) !== id),
    late: count(found, isLate),
    delaysMs: found.map(({ ackedAtMs, appliedAtMs }) => Math.max(0, appliedAtMs - Math.max(ackedAtMs, sinceMs))),
  };
}

function addWire(members: readonly MemberLog[]): WireCounts {
  const sum: WireCounts = { entries: 0, misordered: 0, repeated: 0, gaps: 0 };
  for (const { wire } of members) for (const key of ['entries', 'misordered', 'repeated', 'gaps'] as const) sum[key] += wire[key];
  return sum;
}

/** Pure: compares what was acknowledged, what is stored and what every member applied. */
export function judge({ acknowledged, stored, members, faultEndedAtMs, limits }: Evidence): Verdict {
  const sent = Map.groupBy(acknowledged, ({ conversationId }) => conversationId);
  const ids = new Map([...stored].map(([id, entries]) => [id, new Map(entries.map((entry) => [entry.seq, entry.id]))]));
  const counts = members.flatMap(({ logs, connectedAtMs }) =>
    [...logs].map(([id, log]) =>
      judgeLog({ log, sent: sent.get(id) ?? [], ids: ids.get(id) ?? new Map(), sinceMs: Math.max(faultEndedAtMs, connectedAtMs), limits }),
    ),
  );
  const sum = (key: 'lost' | 'appliedTwice' | 'outOfOrder' | 'late') => counts.reduce((total, each) => total + each[key], 0);
  const delaysMs = counts.flatMap((each) => each.delaysMs).sort((a, b) => a - b);
  const inStore = [...stored.values()].map(judgeStored);
  return {
    acknowledged: acknowledged.length,
    queued: count(acknowledged, ({ isQueued }) => isQueued === true),
    deliveries: delaysMs.length,
    lost: sum('lost'),
    appliedTwice: sum('appliedTwice') + inStore.reduce((total, { twice }) => total + twice, 0),
    outOfOrder: sum('outOfOrder') + inStore.reduce((total, { holes }) => total + holes, 0) + countSendersMisordered(acknowledged),
    acknowledgedButMissing: count(acknowledged, ({ conversationId, seq, id }) => ids.get(conversationId)?.get(seq) !== id),
    late: sum('late'),
    p99Ms: Math.round(delaysMs[Math.floor(delaysMs.length * 0.99)] ?? 0),
    worstMs: Math.round(delaysMs.at(-1) ?? 0),
    wire: addWire(members),
  };
}
