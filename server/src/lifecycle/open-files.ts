import type { Limits, User } from '@chatcluster/protocol';
import type { Keys } from '../auth/keys.ts';
import type { Config } from '../config.ts';
import { handleAvatarJobs } from '../files/avatar-jobs.ts';
import { handleFileJobs } from '../files/file-jobs.ts';
import type { FileStore } from '../files/store.ts';
import { createFileSweep } from '../files/sweep.ts';
import { createVolumeStore } from '../files/volume-store.ts';
import type { JobRunner } from '../jobs/runner.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';

export interface OpenFilesDeps {
  store: Store;
  keys: Keys;
  jobs: JobRunner;
  onProfileChanged(user: User): void;
  log: Logger;
}

/** The file store, and the work that goes on behind it. */
export async function openFiles(config: Config, { store, keys, jobs, onProfileChanged, log }: OpenFilesDeps) {
  await using stack = new AsyncDisposableStack();
  const { pool } = store;
  const fileStore = await openFileStore(config, keys);
  if (fileStore) stack.use(fileStore);
  if (fileStore && (config.role === 'all' || config.role === 'worker')) {
    handleFileJobs(jobs, { db: pool, store: fileStore });
    handleAvatarJobs(jobs, { pool, store: fileStore, onProfileChanged });
    stack.use(createFileSweep({ pool, config: config.files, log }));
  }
  const owned = stack.move();
  return {
    fileStore,
    /** Set when this server takes and gives the bytes itself. */
    volume: config.files.store?.kind === 'volume' ? { keys, dir: config.files.store.dir, store: fileStore! } : undefined,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type OpenedFiles = Awaited<ReturnType<typeof openFiles>>;

async function openFileStore({ files }: Config, keys: Keys): Promise<FileStore | undefined> {
  switch (files.store?.kind) {
    case 'volume':
      return createVolumeStore({ dir: files.store.dir, keys });
    case 's3':
      // Its client is large; who keeps files in a folder does not load it.
      return (await import('../files/s3-store.ts')).createS3Store(files.store);
    default:
      return undefined;
  }
}

/** What a client is told it may do with files: nothing without a store, and guests nothing at all. */
export function limitsFor(config: Config, isGuest: boolean): Limits {
  return config.files.store === undefined || isGuest ? { ...config.limits, fileMaxBytes: 0 } : config.limits;
}
