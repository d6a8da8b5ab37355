type Range = [from: number, to: number];

/** Seqs that this pod has lately delivered, per conversation: ordinary duplicates (tail, sweeper) are dropped by it. */
export interface Delivered {
  has(conversationId: string, fromSeq: number, toSeq: number): boolean;
  /** `toAll`: the recipients came from the member list, so that no socket of this pod can have been left out. */
  add(conversationId: string, fromSeq: number, toSeq: number, toAll: boolean): void;
  /** Routes were lost: whatever was delivered to the recipients that Redis named may have missed a socket. */
  forgetRouted(): void;
}

const MAX_RANGES = 16;

/** Bounded: least recently used conversations go first, and the oldest ranges of one conversation. */
export function createDelivered(maxConversations = 20_000): Delivered {
  const toAllHere = new Map<string, Range[]>();
  const routed = new Map<string, Range[]>();
  return {
    has: (id, from, to) => [toAllHere, routed].some((ranges) => ranges.get(id)?.some((r) => r[0] <= from && to <= r[1])),
    add(id, from, to, toAll) {
      const ranges = toAll ? toAllHere : routed;
      const merged = mergeRange(ranges.get(id) ?? [], [from, to]);
      ranges.delete(id);
      ranges.set(id, merged);
      if (ranges.size > maxConversations) ranges.delete(ranges.keys().next().value ?? id);
    },
    forgetRouted: () => routed.clear(),
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
