import type { AdminStats } from '@chatcluster/protocol';
import { createAudit } from '../audit.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import { createBlocks } from './blocks.ts';
import type { Membership } from './membership.ts';
import { createModeration } from './moderation.ts';
import type { Operations } from './operations.ts';
import type { RetentionConfig } from '../config/retention.ts';
import { createReports } from './reports.ts';
import { createRetention } from './retention.ts';

export interface SafetyDeps {
  store: Store;
  fanout: Pick<Fanout, 'toUsers' | 'broadcast'>;
  membership: Membership;
  operations: Pick<Operations, 'delivery'>;
  endAllSessions(userId: string): Promise<void>;
  stats(): Promise<AdminStats>;
  retention: RetentionConfig;
  log: Logger;
}

/** What protects people from each other: blocks, reports, and what administrators do about them. */
export function createSafety(deps: SafetyDeps) {
  const { store, fanout, membership, log } = deps;
  const audit = createAudit({ db: store.pool, log });
  const { delivery } = deps.operations;
  return {
    blocks: createBlocks({ db: store.pool, membership, fanout, log }),
    reports: createReports({ db: store.pool, audit }),
    moderation: createModeration({ db: store.pool, store, membership, delivery, fanout, audit, endAllSessions: deps.endAllSessions }),
    stats: deps.stats,
    retention: createRetention(store.pool, deps.retention),
  };
}
export type Safety = ReturnType<typeof createSafety>;
