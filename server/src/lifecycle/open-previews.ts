import type { Message } from '@chatcluster/protocol';
import type { Config } from '../config.ts';
import type { FileStore } from '../files/store.ts';
import type { JobOutcome } from '../jobs/runner.ts';
import type { Logger } from '../log.ts';
import { createSafeFetch } from '../net/safe-fetch.ts';
import { createPreviewJob } from '../previews/preview-jobs.ts';
import { createReadLink } from '../previews/read-link.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import type { ChangeStored } from '../store/types.ts';
import { openJobs } from './open-jobs.ts';

export interface OpenPreviewsDeps {
  db: Db;
  fileStore: FileStore | undefined;
  findMessage(conversationId: string, messageId: string): Promise<Message | null>;
  onChange(conversationId: string, changes: ChangeStored[]): void;
  onSettled(kind: string, outcome: JobOutcome): void;
  log: Logger;
}

/** Slow sites must not keep mail and webhooks waiting: previews have a runner of their own. */
const CONCURRENCY = 4;
/** Nobody waits for a card. */
const POLL_MS = 1_000;

type PreviewsConfig = Pick<Config, 'role' | 'fetchAllowedNetworks' | 'publicUrl' | 'version' | 'linkPreviews'>;

/** Makes the previews of links, on pods with the roles `all` and `worker`. Switched off, jobs of it are dropped: nobody wants them later. */
export function openPreviews(config: PreviewsConfig, deps: OpenPreviewsDeps): AsyncDisposable {
  const { db, fileStore, log, onSettled } = deps;
  const { publicUrl } = config;
  const jobs = openJobs(config, { db, log, onSettled, concurrency: CONCURRENCY, pollMs: POLL_MS });
  if (!config.linkPreviews) {
    jobs.handle('link-preview', { run: () => Promise.resolve() });
    return jobs;
  }
  const readLink = createReadLink({
    safeFetch: createSafeFetch({ allowedNetworks: config.fetchAllowedNetworks }),
    userAgent: `Mozilla/5.0 (compatible; chatcluster/${config.version}; link preview${publicUrl ? `; +${publicUrl}` : ''})`,
    hasPictures: fileStore !== undefined,
  });
  const ownOrigin = publicUrl && new URL(publicUrl).origin;
  jobs.handle('link-preview', createPreviewJob({ ...deps, readLink, ownOrigin }));
  return jobs;
}
