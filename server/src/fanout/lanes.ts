/**
 * One order per conversation on this pod (architecture.md 2, "One order on the wire"). A lane exists only while something
 * has to wait; the ordinary delivery runs at once, synchronously.
 *
 * A delivery waits for: its gate (an inbox position that must have been read), the delivery before it in its lane, and
 * this pod's own unanswered publishes of lower seqs. Waiting ends after `waitMs` in any case: order is a courtesy to stock
 * clients, delivery is not.
 */
export interface Lanes {
  /** Announces a publish whose local delivery is still to come. Call the result when it was delivered. */
  begin(conversationId: string, seq: number): () => void;
  run(conversationId: string, seq: number, deliver: () => void | Promise<void>): Promise<void> | undefined;
}

interface Outstanding {
  seq: number;
  settled: Promise<void>;
}

export function createLanes(waitMs: number, onError: (error: unknown) => void): Lanes {
  const outstanding = new Map<string, Set<Outstanding>>();
  const tails = new Map<string, Promise<void>>();

  function lowerThan(conversationId: string, seq: number): Promise<void>[] {
    return [...(outstanding.get(conversationId) ?? [])].filter((o) => o.seq < seq).map((o) => o.settled);
  }

  function enqueue(conversationId: string, work: () => Promise<void>): Promise<void> {
    const before = tails.get(conversationId);
    const tail = (before ? before.then(work) : work()).catch(onError).then(() => {
      if (tails.get(conversationId) === tail) tails.delete(conversationId);
    });
    tails.set(conversationId, tail);
    return tail;
  }

  return {
    begin: (conversationId, seq) => beginOutstanding(outstanding, conversationId, seq),
    run(conversationId, seq, deliver) {
      const lower = lowerThan(conversationId, seq);
      if (lower.length > 0) {
        return enqueue(conversationId, async () => {
          await within(waitMs, Promise.all(lower));
          await deliver();
        });
      }
      if (tails.has(conversationId)) return enqueue(conversationId, async () => deliver());
      const done = attempt(deliver, onError);
      return done ? enqueue(conversationId, () => done) : undefined;
    },
  };
}

function beginOutstanding(outstanding: Map<string, Set<Outstanding>>, conversationId: string, seq: number): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const mine: Outstanding = { seq, settled: promise };
  const all = outstanding.get(conversationId) ?? new Set();
  outstanding.set(conversationId, all.add(mine));
  return () => {
    resolve();
    all.delete(mine);
    if (all.size === 0 && outstanding.get(conversationId) === all) outstanding.delete(conversationId);
  };
}

function attempt(deliver: () => void | Promise<void>, onError: (error: unknown) => void): Promise<void> | undefined {
  try {
    return deliver() ?? undefined;
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** Resolves when the work does, or after `ms`: true when the work came first. A failure of the work rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
