/** What goes wrong with the events of a watch. */
export type WatchFault = { watch: true } & (
  | { kind: 'cut'; afterEvents: number; how: 'end' | 'reset' | 'silence' }
  /** An ERROR event, which is how compaction shows itself in a running watch. */
  | { kind: 'gone'; afterEvents: number }
  /** Events are held for a moment, and let go in another order. */
  | { kind: 'shuffle'; holdMs: number }
  | { kind: 'duplicate'; times: number }
);

export interface WatchSink {
  write(line: string): void;
  end(): void;
  reset(): void;
}

export interface WatchLines {
  push(line: string): void;
  /** The API server has ended the stream. */
  finish(): void;
}

const goneEvent = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 410, reason: 'Expired', message: 'too old resource version' },
});

function shuffled<T>(items: T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** After `afterEvents` lines `act` runs, and nothing is passed on any more. */
function cutAfter(afterEvents: number, sink: WatchSink, act: () => void): WatchLines {
  let left = afterEvents;
  return {
    push(line) {
      if (left > 0) sink.write(line);
      left -= 1;
      if (left === 0) act();
    },
    finish() {
      if (left > 0) sink.end();
    },
  };
}

function shuffle(holdMs: number, sink: WatchSink, random: () => number): WatchLines {
  let held: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    timer = undefined;
    for (const line of shuffled(held, random)) sink.write(line);
    held = [];
  };
  return {
    push(line) {
      held.push(line);
      timer ??= setTimeout(release, holdMs);
    },
    finish() {
      clearTimeout(timer);
      release();
      sink.end();
    },
  };
}

export function createWatchFault(fault: WatchFault, sink: WatchSink, random: () => number): WatchLines {
  switch (fault.kind) {
    case 'cut':
      return cutAfter(fault.afterEvents, sink, { end: sink.end, reset: sink.reset, silence: () => undefined }[fault.how]);
    case 'gone':
      return cutAfter(fault.afterEvents, sink, () => {
        sink.write(goneEvent);
        sink.end();
      });
    case 'shuffle':
      return shuffle(fault.holdMs, sink, random);
    case 'duplicate':
      return {
        push: (line) => {
          for (let count = 0; count < fault.times; count += 1) sink.write(line);
        },
        finish: sink.end,
      };
    default: {
      const never: never = fault;
      return never;
    }
  }
}
