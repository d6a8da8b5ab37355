import { randomBytes } from 'node:crypto';
import type { KubeClient } from './client-types.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { ApiError, isAlreadyExists, isNotFound } from './errors.ts';
import { EVENTS, eventObject, type RecordedEvent } from './event-object.ts';
import { createSeriesTable, type Series } from './event-series.ts';
import { microTime } from './lease-record.ts';
import { type Log, silentLog } from './log.ts';

export type { RecordedEvent } from './event-object.ts';

export interface EventRecorder {
  /** Returns at once and never throws; what cannot be written is dropped and logged. */
  record(event: RecordedEvent): void;
  /** Writes what waits, and ends the recorder; gives up at the deadline. @default 2_000 */
  flush(deadlineMs?: number): Promise<void>;
  /** Events that were not written: too many at once, or refused. */
  readonly dropped: number;
}

export interface EventRecorderOptions {
  client: Pick<KubeClient, 'create' | 'patch'>;
  /** Who reports, such as `example.com/operator`. */
  controller: string;
  /** Which one of them: the pod's name. */
  instance: string;
  log?: Log;
  clock?: Clock;
  newId?: () => string;
}

const maxAttempts = 3;
const attemptDeadlineMs = 3_000;
const retryMs = 500;

type Write = (series: Series, count: number) => Promise<void>;

/** Create first, then patch the count; whatever an earlier attempt may have done unseen. */
function createWrite({ client, controller, instance }: EventRecorderOptions): Write {
  const call = { deadlineMs: attemptDeadlineMs };
  return async (series, count) => {
    const object = eventObject(series.event, { controller, instance, id: series.id, at: series.firstAt });
    const repeats = { series: { count, lastObservedTime: microTime(series.lastAt) } };
    if (series.written > 0) {
      try {
        await client.patch(EVENTS, object.metadata, repeats, call);
        return;
      } catch (error) {
        // Events live for an hour by default, a series may be longer.
        if (!isNotFound(error)) throw error;
      }
    }
    try {
      await client.create(EVENTS, count > 1 ? { ...object, ...repeats } : object, call);
    } catch (error) {
      // The name is ours alone: an earlier attempt got through although its answer did not.
      if (!isAlreadyExists(error)) throw error;
    }
  };
}

/** Events of events.k8s.io/v1, one write at a time, in the background. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { log = silentLog, clock = systemClock, newId = () => randomBytes(8).toString('hex') } = options;
  const table = createSeriesTable(clock, newId);
  const write = createWrite(options);
  const closed = new AbortController();
  let working: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  function schedule(): void {
    if (working || closed.signal.aborted) return;
    cancelTimer?.();
    const next = table.nextDueAt();
    cancelTimer = next === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(next - clock.now(), () => void work(false));
  }

  function work(everything: boolean): Promise<void> {
    working ??= writeAll(everything).finally(() => {
      working = undefined;
      schedule();
    });
    return working;
  }

  async function writeAll(everything: boolean): Promise<void> {
    for (const series of table.due(everything)) await writeSafely(series);
  }

  async function writeSafely(series: Series): Promise<void> {
    for (let attempt = 1; !closed.signal.aborted; attempt += 1) {
      const { count } = series;
      try {
        await write(series, count);
        return table.written(series, count);
      } catch (error) {
        const isRefused = error instanceof ApiError && error.status < 500;
        if (attempt === maxAttempts || isRefused) {
          log.warn({ err: error, reason: series.event.reason }, 'event was not written');
          return table.drop(series);
        }
        await sleep(clock, retryMs * attempt, closed.signal);
      }
    }
  }

  return {
    record(event) {
      try {
        table.add(event);
        schedule();
      } catch (error) {
        log.error({ err: error }, 'event has a wrong form');
      }
    },
    async flush(deadlineMs = 2_000) {
      const finish = async () => {
        await working;
        await work(true);
      };
      await Promise.race([finish(), sleep(clock, deadlineMs, closed.signal)]);
      closed.abort();
      cancelTimer?.();
    },
    get dropped() {
      return table.dropped;
    },
  };
}
