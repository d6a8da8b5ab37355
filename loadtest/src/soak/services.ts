import pg from 'pg';
import { askRedis } from '../faults/redis.ts';
import { readCluster, type Target } from '../target.ts';

const ANSWER_MS = 4_000;

/** What Postgres and Redis hold; a field is absent while its server does not answer. */
export interface ServicesSample {
  redisBytes?: number;
  redisKeys?: number;
  /** Tables that grow with every message, by design. */
  historyBytes?: number;
  /** All the others. */
  otherBytes?: number;
}

const sizesSql = `select coalesce(sum(size) filter (where is_history), 0)::float8 as history,
    coalesce(sum(size) filter (where not is_history), 0)::float8 as other
  from (select pg_total_relation_size(oid) as size,
      relname ~ '^(entries(_[0-9]+)?|message_search(_[0-9]+)?|message_state|reactions|search_words)$' as is_history
    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) tables`;

async function samplePostgres(url: string): Promise<ServicesSample> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const [sizes] = (await client.query<{ history: number; other: number }>(sizesSql)).rows;
    return { historyBytes: sizes?.history, otherBytes: sizes?.other };
  } catch {
    // It is one of the things that are being broken.
    return {};
  } finally {
    // Not awaited: a goodbye to a frozen server takes for ever.
    client.end().catch(() => undefined);
  }
}

async function sampleRedis(url: string): Promise<ServicesSample> {
  try {
    const [memory, keys] = await Promise.all([
      askRedis(url, ['INFO', 'memory'], { timeoutMs: ANSWER_MS }),
      askRedis(url, ['DBSIZE'], { timeoutMs: ANSWER_MS }),
    ]);
    return { redisBytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]), redisKeys: Number(keys) };
  } catch {
    return {};
  }
}

/** Undefined where they cannot be asked directly. */
export function createServicesSampler({ local }: Target): (() => Promise<ServicesSample>) | undefined {
  if (!local) return undefined;
  return async () => {
    const { postgres, redis } = readCluster(local.file) ?? local.cluster;
    const parts = await Promise.all([postgres.url ? samplePostgres(postgres.url) : {}, redis ? sampleRedis(redis.url) : {}]);
    return { ...parts[0], ...parts[1] };
  };
}
