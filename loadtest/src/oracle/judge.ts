import type { AckRecord, Reference } from './acks.ts';
import type { DeliveryBook } from './deliveries.ts';
import type { MarkTable } from './marks.ts';
import { Findings } from './verdict.ts';

/** First index of `seqs[low, high)` with a value above `seq`. */
function firstAbove(seqs: Uint32Array, seq: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqs[middle]! > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Pure: what the members of one book miss of what was acknowledged anywhere. */
export function judgeMembers(
  book: DeliveryBook,
  { starts, seqs, marks }: Reference,
  atMs: number,
): { findings: Findings; deliveries: number } {
  const findings = new Findings();
  let deliveries = 0;
  for (const [slot, { user, conversation, from }] of book.slots.entries()) {
    const end = starts[conversation + 1]!;
    const first = firstAbove(seqs, from, starts[conversation]!, end);
    deliveries += end - first;
    if (first === end || book.isWhole(slot, seqs[end - 1]!)) continue;
    for (let i = first; i < end; i += 1)
      if (book.misses(slot, seqs[i]!)) findings.add({ kind: 'lost', conversation, seq: seqs[i]!, user, atMs });
  }
  for (let conversation = 0; conversation + 1 < starts.length; conversation += 1) {
    const table = book.table(conversation);
    for (let i = starts[conversation]!; i < starts[conversation + 1]!; i += 1) {
      const known = table.get(seqs[i]!);
      if (known !== 0 && known !== marks[i]) findings.add({ kind: 'different', conversation, seq: seqs[i]!, atMs });
    }
  }
  return { findings, deliveries };
}

/** Slots whose member has not yet got everything that was acknowledged. */
export function slotsBehind(book: DeliveryBook, { starts, seqs }: Reference): number[] {
  return book.slots.flatMap(({ conversation, from }, slot) => {
    const end = starts[conversation + 1]!;
    if (starts[conversation] === end || seqs[end - 1]! <= from) return [];
    return book.isWhole(slot, seqs[end - 1]!) ? [] : [slot];
  });
}

/** Pure: what was acknowledged against what the server has stored, read afresh. */
export function judgeStored(
  stored: ReadonlyMap<number, MarkTable>,
  { starts, seqs, marks }: Reference,
  queued: readonly AckRecord[],
  atMs: number,
): Findings {
  const findings = new Findings();
  for (const [conversation, table] of stored) {
    for (let i = starts[conversation]!; i < starts[conversation + 1]!; i += 1)
      if (table.get(seqs[i]!) !== marks[i]) findings.add({ kind: 'missing', conversation, seq: seqs[i]!, atMs });
    const seen = new Set<number>();
    for (const [seq, mark] of table.entries()) {
      if (seen.has(mark)) findings.add({ kind: 'storedTwice', conversation, seq, atMs });
      seen.add(mark);
    }
  }
  for (const { conversation, mark, sender } of queued) {
    const isStored = [...(stored.get(conversation)?.entries() ?? [])].some(([, known]) => known === mark);
    if (!isStored) findings.add({ kind: 'queuedLost', conversation, seq: 0, user: sender, atMs });
  }
  return findings;
}
