/**
 * The client rule (protocol.md 7), pure: per conversation `seq == cursor + 1` applies, `seq <= cursor` drops,
 * anything above is held until the gap closes. Held entries are applied in order as soon as they connect.
 */
export interface Numbered {
  seq: number;
}

export interface Inbox<E extends Numbered> {
  readonly cursor: number;
  /** Above `cursor + 1`, ascending, no two with one seq. */
  readonly held: readonly E[];
}

export interface Applied<E extends Numbered> extends Inbox<E> {
  /** In order, contiguous from the old cursor. */
  readonly ready: readonly E[];
}

/** Held entries are only a help: above this many, the gap is filled by `sync` anyway. */
const MAX_HELD = 1_000;

export function applyRule<E extends Numbered>(inbox: Inbox<E>, arrived: readonly E[]): Applied<E> {
  const bySeq = new Map<number, E>();
  for (const entry of [...inbox.held, ...arrived]) {
    if (entry.seq > inbox.cursor && !bySeq.has(entry.seq)) bySeq.set(entry.seq, entry);
  }
  const ready: E[] = [];
  let cursor = inbox.cursor;
  for (let next = bySeq.get(cursor + 1); next !== undefined; next = bySeq.get(cursor + 1)) {
    ready.push(next);
    cursor = next.seq;
  }
  const held = [...bySeq.values()]
    .filter((entry) => entry.seq > cursor)
    .sort((a, b) => a.seq - b.seq)
    .slice(0, MAX_HELD);
  return { cursor, held, ready };
}

/** The cursor jumps over a range that `sync` left out. */
export function skipTo<E extends Numbered>(inbox: Inbox<E>, to: number): Applied<E> {
  return applyRule({ cursor: Math.max(inbox.cursor, to), held: inbox.held }, []);
}
