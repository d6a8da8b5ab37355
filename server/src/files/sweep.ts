import type pg from 'pg';
import type { FilesConfig } from '../config/files.ts';
import type { Logger } from '../log.ts';
import { listOrphans, markFilesDeleted } from '../store/sql/files.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import { inTransaction } from '../store/transaction.ts';

export interface SweepDeps {
  pool: pg.Pool;
  config: FilesConfig;
  log: Logger;
}

const AT_ONCE = 500;

/** Lets go of these files: they cannot be seen from COMMIT on, and a worker removes their bytes. */
export function removeFiles(pool: pg.Pool, ids: string[]): Promise<number> {
  return inTransaction(pool, async (db) => {
    const gone = await markFilesDeleted(db, ids);
    for (const { id, parts } of gone) await enqueueJob(db, { kind: 'file-remove', key: id, payload: { fileId: id, parts } });
    return gone.length;
  });
}

/** Removes, now and then, what was uploaded and never posted, and what only deleted messages named. Safe on several pods at once. */
export function createFileSweep({ pool, config, log }: SweepDeps): AsyncDisposable {
  let running = Promise.resolve();
  async function sweep(): Promise<void> {
    try {
      for (let found = AT_ONCE; found === AT_ONCE; ) {
        const ids = await listOrphans(pool, config.orphanSeconds, AT_ONCE);
        found = ids.length;
        if (found > 0) log.info({ files: await removeFiles(pool, ids) }, 'files without a message removed');
      }
    } catch (error) {
      log.debug({ err: error }, 'files were not swept; the next time will');
    }
  }
  const timer = setInterval(() => (running = running.then(sweep)), config.sweepSeconds * 1_000);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
