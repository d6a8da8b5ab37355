type Range = { conversationId: string; fromSeq: number; toSeq: number; closeBehind?: boolean };

/**
 * The in-memory twin of the order that chat_v1.lua keeps: 10 is held until 9 came, a second at most. In a conversation that it has
 * forgotten only what came close behind another waits.
 */
export interface Sequencer {
  /** Runs `emit` when it is its turn; resolves then. At once, synchronously, in the ordinary case. */
  run(range: Range, emit: () => void): Promise<void>;
}

interface Held {
  range: Range;
  go: () => void;
}

const HOLD_MS = 1_000;
const MAX_CONVERSATIONS = 10_000;

export function createSequencer(): Sequencer {
  const last = new Map<string, number>();
  const held = new Map<string, Held[]>();

  function emitted({ conversationId, toSeq }: Range): void {
    const seq = Math.max(last.get(conversationId) ?? 0, toSeq);
    last.delete(conversationId);
    last.set(conversationId, seq);
    if (last.size > MAX_CONVERSATIONS) last.delete(last.keys().next().value ?? conversationId);
  }

  function release(conversationId: string, upTo: (seq: number) => boolean): void {
    const waiting = held.get(conversationId) ?? [];
    for (let next = waiting[0]; next && upTo(next.range.fromSeq); next = waiting[0]) {
      waiting.shift();
      next.go();
    }
    if (waiting.length === 0) held.delete(conversationId);
  }

  const follows = (conversationId: string) => (seq: number) => seq <= (last.get(conversationId) ?? 0) + 1;

  function hold(range: Range, emit: () => void): Promise<void> {
    const { conversationId, fromSeq } = range;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      release(conversationId, (seq) => seq <= fromSeq);
      release(conversationId, follows(conversationId));
    }, HOLD_MS);
    const go = () => {
      clearTimeout(timer);
      emit();
      emitted(range);
      resolve();
    };
    const waiting = [...(held.get(conversationId) ?? []), { range, go }];
    held.set(
      conversationId,
      waiting.sort((a, b) => a.range.fromSeq - b.range.fromSeq),
    );
    return promise;
  }

  return {
    async run(range, emit) {
      const before = last.get(range.conversationId);
      const isEarly = before === undefined ? range.closeBehind : range.fromSeq > before + 1;
      if (isEarly) return hold(range, emit);
      emit();
      emitted(range);
      release(range.conversationId, follows(range.conversationId));
    },
  };
}
