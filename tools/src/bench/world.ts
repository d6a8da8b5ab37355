import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccessTokens } from '@chatcluster/server/auth/access-token';
import { createKeys } from '@chatcluster/server/auth/keys';
import { createLog } from '@chatcluster/server/log';
import { migrate } from '@chatcluster/server/store/migrate';
import { Client } from 'pg';
import { startPostgres, startRedis } from '../services.ts';

/** Who talks with whom; the same for every server that is measured. */
export interface World {
  users: string[];
  conversations: { id: string; kind: 'direct' | 'group'; members: string[] }[];
}

export interface Services extends AsyncDisposable {
  redisUrl: string;
  /** A new database; migrated unless it is for a rival with tables of its own. */
  createDatabase(name: string, isMigrated: boolean): Promise<string>;
}

/** A durable Postgres (fsync on) and a Redis of this run's own. */
export async function startServices(): Promise<Services> {
  const dir = mkdtempSync(join(tmpdir(), 'chat-bench-'));
  chmodSync(dir, 0o755);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), durable: true });
  stack.defer(() => postgres.stop());
  const redis = await startRedis({ dir: join(dir, 'redis') });
  stack.defer(() => redis.stop());
  const owned = stack.move();
  return {
    redisUrl: redis.url,
    async createDatabase(name, isMigrated) {
      await run(postgres.url, `create database ${name}`);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      if (isMigrated) await migrate(url.href);
      return url.href;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function run(databaseUrl: string, text: string, values: unknown[] = []): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}

export function newUsers(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** Direct conversations with four others, groups of 10, and one of 200. */
export function makeWorld(userCount: number): World {
  const users = newUsers(userCount);
  const conversations: World['conversations'] = [];
  const add = (kind: 'direct' | 'group', members: string[]) => conversations.push({ id: randomUUID(), kind, members });
  users.forEach((user, i) => [1, 2].forEach((step) => add('direct', [user, users[(i + step) % userCount]!])));
  for (let i = 0; i < userCount; i += 5)
    add(
      'group',
      Array.from({ length: 10 }, (_, j) => users[(i + j * 7) % userCount]!),
    );
  add('group', users.slice(0, 200));
  return { users, conversations };
}

/** Everybody in groups of ten, each in that many of them. */
export function makeGroups(userCount: number, perUser: number): World {
  const users = newUsers(userCount);
  const conversations: World['conversations'] = [];
  for (let round = 1; round <= perUser; round += 1) {
    for (let i = 0; i < userCount / 10; i += 1) {
      const members = Array.from({ length: 10 }, (_, j) => users[(i + j * (userCount / 10) + j * round) % userCount]!);
      conversations.push({ id: randomUUID(), kind: 'group', members: [...new Set(members)] });
    }
  }
  return { users, conversations };
}

export async function storeWorld(databaseUrl: string, { users, conversations }: World): Promise<void> {
  await run(databaseUrl, `insert into users (id, display_name) select i, 'user ' || o from unnest($1::uuid[]) with ordinality u (i, o)`, [
    users,
  ]);
  await run(
    databaseUrl,
    `insert into conversations (id, kind, history, created_by, member_count, routing)
     select c.id, c.kind, 'all', $2, c.members, case when c.members > 100 then 'conversation' else 'user' end
     from jsonb_to_recordset($1) c (id uuid, kind text, members int)`,
    [JSON.stringify(conversations.map(({ id, kind, members }) => ({ id, kind, members: members.length }))), users[0]],
  );
  const pairs = conversations.flatMap(({ id, members }) => members.map((user) => ({ id, user })));
  await run(
    databaseUrl,
    `insert into members (conversation_id, user_id, role) select m.id, m.user, 'member' from unnest($1::uuid[], $2::uuid[]) m (id, "user")`,
    [pairs.map((pair) => pair.id), pairs.map((pair) => pair.user)],
  );
  await run(databaseUrl, 'analyze');
}

/** Access tokens as the server itself would sign them. Call it before the pods start: it makes the signing key. */
export async function signTokens(databaseUrl: string, users: string[]): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await using keys = await createKeys({ db: client as never, log: createLog('silent', 'bench'), accessTokenSeconds: 3_600 });
    const tokens = createAccessTokens({ keys, accessTokenSeconds: 3_600 });
    return await Promise.all(users.map((userId) => tokens.sign({ userId, sessionId: randomUUID(), guest: false })));
  } finally {
    await client.end();
  }
}
