/**
 * One order per conversation on this pod (architecture.md 2, "One order on the wire"). The ordinary delivery has nothing to
 * wait for and runs at once, synchronously.
 *
 * A delivery waits for whatever of the conversation has a lower seq and is still to come here: this pod's unanswered
 * publishes, and deliveries that wait themselves. As it waits for lower seqs only, nothing can wait in a circle. Waiting
 * ends after `waitMs` in any case: order is a courtesy to stock clients, delivery is not.
 */
export interface Lanes {
  /** Announces a publish whose local delivery is still to come. Call the result when it was delivered. */
  begin(conversationId: string, seq: number): () => void;
  /** undefined: done already. */
  run(conversationId: string, seq: number, deliver: () => void | Promise<void>): Promise<void> | undefined;
}

interface Outstanding {
  seq: number;
  settled: Promise<void>;
}

export function createLanes(waitMs: number, onError: (error: unknown) => void): Lanes {
  const outstanding = new Map<string, Set<Outstanding>>();
  const begin: Lanes['begin'] = (conversationId, seq) => beginOutstanding(outstanding, conversationId, seq);

  function lowerThan(conversationId: string, seq: number): Promise<void>[] {
    return [...(outstanding.get(conversationId) ?? [])].filter((o) => o.seq < seq).map((o) => o.settled);
  }

  function track(conversationId: string, seq: number, work: Promise<void>): Promise<void> {
    return work.catch(onError).finally(begin(conversationId, seq));
  }

  return {
    begin,
    run(conversationId, seq, deliver) {
      const lower = outstanding.has(conversationId) ? lowerThan(conversationId, seq) : [];
      if (lower.length > 0) return track(conversationId, seq, within(waitMs, Promise.all(lower)).then(deliver));
      const running = attempt(deliver, onError);
      return running && track(conversationId, seq, running);
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
