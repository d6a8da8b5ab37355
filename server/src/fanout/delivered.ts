type Range = [from: number, to: number];

/** Seqs that this pod has lately delivered, per conversation: ordinary duplicates (tail, sweeper) are dropped by it. */
export interface Delivered {
  has(conversationId: string, fromSeq: number, toSeq: number): boolean;
  /** `toAll`: the recipients came from the member list, so that no socket of this pod can have been left out. */
  add(conversationId: string, fromSeq: number, toSeq: number, toAll: boolean): void;
  /** Routes were lost: whatever was delivered to the recipients that Redis named may have missed a socket. */
  forgetRouted(): void;
}

/** What comes a second time follows within seconds; older ranges would only be kept (60 B each, in two maps). */
const MAX_RANGES = 16;

/** Bounded: least recently used conversations go first, and the oldest ranges of one conversation. */
export function createDelivered(maxConversations = 20_000): Delivered {
  // All of it in one map: where two pods take turns, the ranges of either alone would never join.
  let all = new Map<string, Range[]>();
  const toAllHere = new Map<string, Range[]>();

  function put(ranges: Map<string, Range[]>, id: string, range: Range): void {
    const merged = mergeRange(ranges.get(id) ?? [], range);
    ranges.delete(id);
    ranges.set(id, merged);
    if (ranges.size > maxConversations) ranges.delete(ranges.keys().next().value ?? id);
  }

  return {
    has: (id, from, to) => all.get(id)?.some((r) => r[0] <= from && to <= r[1]) ?? false,
    add(id, from, to, toAll) {
      put(all, id, [from, to]);
      if (toAll) put(toAllHere, id, [from, to]);
    },
    forgetRouted() {
      all = new Map([...toAllHere].map(([id, ranges]) => [id, ranges.map((range): Range => [...range])]));
    },
  };
}

function mergeRange(ranges: Range[], [from, to]: Range): Range[] {
  const last = ranges.at(-1);
  if (last && from === last[1] + 1) {
    last[1] = to;
    return ranges;
  }
  const apart = ranges.filter((r) => r[1] < from - 1 || r[0] > to + 1);
  const touching = ranges.filter((r) => !apart.includes(r));
  const merged: Range = [Math.min(from, ...touching.map((r) => r[0])), Math.max(to, ...touching.map((r) => r[1]))];
  return [...apart, merged].sort((a, b) => a[0] - b[0]).slice(-MAX_RANGES);
}
