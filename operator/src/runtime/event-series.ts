import type { Clock } from './clock.ts';
import { type RecordedEvent, seriesKey } from './event-object.ts';
import { createAllowance } from './rate-limit.ts';

/** One event, and how often it was seen again. */
export interface Series {
  key: string;
  event: RecordedEvent;
  id: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
  touchedAt: number;
  /** How many of `count` the API server knows; 0 before the object exists. */
  written: number;
  writtenAt: number;
}

/** Repeats are written together. */
const flushEveryMs = 10_000;
/** A repeat after this is a new event, as in client-go. */
const endsAfterMs = 6 * 60_000;
const maxSeries = 1_000;
/** New events per object: 25 at once, then one in five minutes. What goes wrong a thousand times is one problem. */
const perObject = { burst: 25, perSecond: 1 / 300 };
const maxObjects = 1_000;

export interface SeriesTable {
  add(event: RecordedEvent): void;
  /** Those with something to write now; all that have something with `everything`. */
  due(everything: boolean): Series[];
  /** When the next one is due; Infinity when nothing is to be written. */
  nextDueAt(): number;
  written(series: Series, count: number): void;
  drop(series: Series): void;
  readonly dropped: number;
}

/** A Map in order of arrival that forgets its oldest entry. */
function bounded<V>(max: number, forget: (value: V) => void): (map: Map<string, V>) => void {
  return (map) => {
    const [oldest] = map;
    if (map.size <= max || !oldest) return;
    map.delete(oldest[0]);
    forget(oldest[1]);
  };
}

export function createSeriesTable(clock: Clock, newId: () => string): SeriesTable {
  const all = new Map<string, Series>();
  const allowances = new Map<string, () => boolean>();
  let dropped = 0;
  const boundSeries = bounded<Series>(maxSeries, (series) => {
    dropped += series.count - series.written;
  });
  const boundObjects = bounded<() => boolean>(maxObjects, () => undefined);
  const isOver = ({ touchedAt }: Series) => clock.now() - touchedAt > endsAfterMs;
  const dueAt = (series: Series) => (series.written < series.count ? series.writtenAt + flushEveryMs : Number.POSITIVE_INFINITY);

  function mayStart({ regarding: { kind, metadata } }: RecordedEvent): boolean {
    const key = metadata.uid ?? JSON.stringify([kind, metadata.namespace, metadata.name]);
    const allow = allowances.get(key) ?? createAllowance(perObject, clock.now);
    allowances.set(key, allow);
    boundObjects(allowances);
    return allow();
  }

  function start(key: string, event: RecordedEvent): void {
    if (!mayStart(event)) {
      dropped += 1;
      return;
    }
    const at = clock.wall();
    const times = { firstAt: at, lastAt: at, touchedAt: clock.now(), writtenAt: Number.NEGATIVE_INFINITY };
    all.set(key, { key, event, id: newId(), count: 1, written: 0, ...times });
    boundSeries(all);
  }

  return {
    add(event) {
      const key = seriesKey(event);
      const series = all.get(key);
      if (!series || isOver(series)) return start(key, event);
      series.count += 1;
      series.lastAt = clock.wall();
      series.touchedAt = clock.now();
    },
    due(everything) {
      for (const series of all.values()) if (isOver(series) && series.written === series.count) all.delete(series.key);
      return [...all.values()].filter((series) => series.written < series.count && (everything || dueAt(series) <= clock.now()));
    },
    nextDueAt: () => Math.min(Number.POSITIVE_INFINITY, ...[...all.values()].map(dueAt)),
    written(series, count) {
      series.written = count;
      series.writtenAt = clock.now();
    },
    drop(series) {
      dropped += series.count - series.written;
      all.delete(series.key);
    },
    get dropped() {
      return dropped;
    },
  };
}
