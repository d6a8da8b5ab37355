import { globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './_faults.ts';

/** Well within the life of an access token: beyond it this pod alone would rightly take every token for expired. */
const jumpSeconds = 600;

/** The wall clock of one process; timers run on, as the monotonic clock does when the time of a machine is set. */
export interface Clock extends Disposable {
  /** For the process whose clock it is. */
  readonly env: Record<string, string>;
  /** Off the true time; the process sees it within a second. */
  set(offsetSeconds: number): void;
}

export function createClock(): Clock {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (!library) throw new Error('libfaketime is missing; run: apt-get install libfaketime');
  const dir = mkdtempSync(join(tmpdir(), 'chat-clock-'));
  const file = join(dir, 'offset');
  const set = (offsetSeconds: number) => {
    // Renamed into place: it is read at any moment, and half a number is another time.
    writeFileSync(`${file}.new`, `${offsetSeconds >= 0 ? '+' : ''}${offsetSeconds}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  // The name of the last one depends on the release of libfaketime.
  const monotonic = { DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  return {
    env: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1', ...monotonic },
    set,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Ten minutes ahead, then ten minutes behind, then right again. */
export function clockFault(wrongMs: number): Fault {
  return {
    name: 'the clock of a pod jumping 10 minutes ahead, then 10 minutes behind',
    of: 'servers',
    stage: 'with a clock to set',
    async inject({ clock }) {
      if (!clock) throw new Error('no pod here has a clock to set');
      for (const offset of [jumpSeconds, -jumpSeconds, 0]) {
        clock.set(offset);
        await wait(wrongMs);
      }
    },
  };
}
