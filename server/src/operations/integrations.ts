import { createAudit } from '../audit.ts';
import type { Auth } from '../auth/auth.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import type { Secrets } from '../webhooks/secrets.ts';
import { createBots } from './bots.ts';
import type { Membership } from './membership.ts';
import type { Operations } from './operations.ts';
import { createWebhooks } from './webhooks.ts';

export interface IntegrationsDeps {
  config: Pick<Config, 'limits' | 'rateLimits'>;
  db: Db;
  auth: Pick<Auth, 'botTokens' | 'accounts'>;
  membership: Membership;
  operations: Pick<Operations, 'ingest'>;
  secrets: Secrets;
  log: Logger;
}

/** What lets programs take part: webhooks and bots. */
export function createIntegrations({ config, db, auth, membership, operations, secrets, log }: IntegrationsDeps) {
  const { limits, rateLimits } = config;
  return {
    webhooks: createWebhooks({ db, membership, ingest: operations.ingest, secrets, limits, rateLimits }),
    bots: createBots({ db, tokens: auth.botTokens, endAllSessions: auth.accounts.endAllSessions, audit: createAudit({ db, log }) }),
  };
}
export type Integrations = ReturnType<typeof createIntegrations>;
