import type { Ledger } from '../apply/ledger.ts';
import type { ReadLoad } from '../gather/load.ts';
import type { Settings } from '../gather/observed.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { Log } from '../runtime/log.ts';
import type { Memos } from './memo.ts';
import type { Watches } from './watches.ts';

export interface ReconcileDeps {
  /** Fenced: writes end with the leadership. */
  client: KubeClient;
  watches: Watches;
  ledger: Ledger;
  memos: Memos;
  events: Pick<EventRecorder, 'record'>;
  readLoad: ReadLoad;
  settings: Settings;
  /** How often the load is read where the operator itself scales. */
  scaleIntervalMs: number;
  /** Unix time. */
  now: () => number;
  log: Log;
  randomPassword: () => string;
}
