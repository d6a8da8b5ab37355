/**
 * How long a search takes in a large installation: fills messages past the server, indexes them as the workers do, and asks as the
 * server asks. Prints p50 and p99 per kind of question, and the plan of the commonest one; a full run writes docs/benchmarks/search.md.
 *
 *   node tools/src/bench/search.ts [messages, 1000000 unless said otherwise]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SEARCH_BUDGET } from '../../../server/src/domain/search-windows.ts';
import { createLog } from '../../../server/src/log.ts';
import { createSearch } from '../../../server/src/operations/search.ts';
import { migrate } from '../../../server/src/store/migrate.ts';
import { createPool } from '../../../server/src/store/pool.ts';
import { indexMessages, indexSql, type Scope, toScope, toSearchQuery } from '../../../server/src/store/sql/search-messages.ts';
import { windowSql } from '../../../server/src/store/sql/search-window.ts';
import { startPostgres } from '../services.ts';

const FULL = 1_000_000;
const TARGET_MS = 100;
const MESSAGES = Number(process.argv[2] ?? FULL);
/** The caller is in a tenth of them. */
const CONVERSATIONS = 1_000;
const ROUNDS = 200;
const user = '00000000-0000-7000-8000-000000000001';

const rooms = `
  insert into users (id, display_name) values ('${user}', 'Reader'), ('00000000-0000-7000-8000-000000000002', 'Writer');
  create temporary table rooms as select i, gen_random_uuid() as id from generate_series(0, ${CONVERSATIONS - 1}) i;
  insert into conversations (id, kind, title, history, created_by, last_at, member_count)
    select id, 'group', 'Room ' || i, 'all', '${user}', now(), 2 from rooms;
  insert into members (conversation_id, user_id, role)
    select id, '00000000-0000-7000-8000-000000000002'::uuid, 'member' from rooms
    union all select id, '${user}'::uuid, 'member' from rooms where i % 10 = 0`;

/** One message in each conversation, and in the outbox, from which they are indexed. Words as language has them: the k-th is about k
 * times rarer than the first. Every message has a number of its own, too, and one word was in every second of them until it was said
 * no more. */
const fill = `
  with written as (
    insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
    select r.id, $1::int + 1, gen_random_uuid(), 'message', '00000000-0000-7000-8000-000000000002'::uuid, gen_random_uuid(),
      now() - (${MESSAGES} - n) * interval '1 second', jsonb_build_object('body', (
        select string_agg('word' || floor(power(20000, random()))::int, ' ') from generate_series(1, 12) where n >= 0) || ' number' || n
        || case when n < ${MESSAGES / 2} and $1 % 2 = 0 then ' formerly' else '' end)
    from rooms r cross join lateral (select $1 * ${CONVERSATIONS} + r.i as n) x
    returning conversation_id
  ), moved as (
    update conversations c set last_seq = $1 + 1 from written w where c.id = w.conversation_id
  )
  insert into batches (conversation_ids, from_seqs, to_seqs)
  select array_agg(conversation_id), array_agg($1 + 1), array_agg($1 + 1) from written`;

const questions: Record<string, () => string> = {
  'a rare word': () => `number${Math.floor((Math.random() * MESSAGES) / 10) * 10}`,
  'an ordinary word': () => `word${100 + Math.floor(Math.random() * 900)}`,
  'a common word': () => 'word1 ',
  'one that was common long ago': () => 'formerly ',
  'two words': () => `word${1 + Math.floor(Math.random() * 9)} word${10 + Math.floor(Math.random() * 90)}`,
  'the beginning of a word': () => `word${1000 + Math.floor(Math.random() * 900)}`.slice(0, -1),
};

function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  process.stdout.write(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}

interface Asked {
  name: string;
  p50: number;
  p99: number;
  /** Results of a question, on average; a page has 20. */
  found: number;
}

/** How many seconds it took to index them. */
async function prepare(pool: pg.Pool, url: string): Promise<number> {
  // Not of the pool: its statements may take ten seconds at most.
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await indexMessages(pool, 2_000);
    await client.query(rooms);
    let seconds = 0;
    const slices = MESSAGES / CONVERSATIONS;
    await timed(`${MESSAGES} messages in ${CONVERSATIONS} conversations written and indexed`, async () => {
      for (let i = 0; i < slices; i += 1) {
        await client.query(fill, [i]);
        if ((i + 1) % 50 > 0 && i + 1 < slices) continue;
        const startedAt = performance.now();
        while ((await indexMessages(pool, 2_000)) > 0);
        seconds += (performance.now() - startedAt) / 1_000;
        if ((i + 1) % 200 === 50) await client.query('analyze');
      }
    });
    await timed('vacuumed', () => client.query('vacuum analyze message_search'));
    return seconds;
  } finally {
    await client.end();
  }
}

async function ask(pool: pg.Pool): Promise<Asked[]> {
  const search = createSearch({ read: (work) => work(pool), rateLimits: false });
  const asked: Asked[] = [];
  for (const [name, question] of Object.entries(questions)) {
    const times: number[] = [];
    let found = 0;
    for (let i = 0; i < ROUNDS; i += 1) {
      const startedAt = performance.now();
      found += (await search(user, { q: question() })).items.length;
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const row = { name, p50: percentile(times, 0.5), p99: percentile(times, 0.99), found: found / ROUNDS };
    process.stdout.write(`${name}: p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms, ${row.found.toFixed(1)} found\n`);
    asked.push(row);
  }
  return asked;
}

/** Of a window of the newest messages, and of the index. */
async function planOf(pool: pg.Pool, sql: string, word: string, more: (scope: Scope) => unknown[]): Promise<string> {
  const scope = await toScope(pool, { userId: user, query: await toSearchQuery(pool, word, '', false), hasFile: false });
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers, costs off) ${sql}`, [
    user,
    null,
    ...more(scope!),
  ]);
  // Keys of a hundred conversations stand in it.
  return rows.map((row) => (row['QUERY PLAN'].length > 200 ? `${row['QUERY PLAN'].slice(0, 200)} …` : row['QUERY PLAN'])).join('\n');
}

async function plansOf(pool: pg.Pool): Promise<string> {
  const low = new Date(Date.now() - 600_000).toISOString();
  const window = await planOf(pool, windowSql, 'word1', ({ query }) => [query, low, 'infinity', user, SEARCH_BUDGET, 21]);
  const index = await planOf(pool, indexSql, 'word900', ({ query, keys }) => [query, null, null, null, null, 21, keys]);
  return `The plan for a common word, one window of ten minutes:

\`\`\`
${window}
\`\`\`

The plan for a rare word by the index, as it is asked for what an earlier release indexed (\`search_hits\` has the same conditions and reads 301 rows at most):

\`\`\`
${index}
\`\`\`
`;
}

function toMarkdown(asked: Asked[], { machine, indexSeconds, plans }: { machine: string; indexSeconds: number; plans: string }): string {
  const rows = asked.map(({ name, p50, p99, found }) => {
    const verdict = p99 < TARGET_MS ? 'met' : '**missed**';
    return `| ${name} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | < ${TARGET_MS} ms | ${verdict} | ${found.toFixed(1)} |`;
  });
  return `# Searching ${MESSAGES.toLocaleString('en-US')} messages

Written by \`node tools/src/bench/search.ts\` on ${machine}. ${CONVERSATIONS.toLocaleString('en-US')} conversations, of which the asking person is in a tenth; ${ROUNDS} questions of
each kind, one after the other, as the route asks: words, access and filters in SQL, a page of 20 with its snippets. Indexing took
${Math.round((indexSeconds * 1e6) / MESSAGES)} µs per message.

| looked for | p50 | p99 | target | | found on the page |
|---|---|---|---|---|---|
${rows.join('\n')}

${plans}`;
}

async function run(pool: pg.Pool, url: string, machine: string): Promise<void> {
  const indexSeconds = await prepare(pool, url);
  const asked = await ask(pool);
  const plans = await plansOf(pool);
  process.stdout.write(`${plans}\n`);
  if (MESSAGES < FULL) return;
  writeFileSync(join(import.meta.dirname, '../../../docs/benchmarks/search.md'), toMarkdown(asked, { machine, indexSeconds, plans }));
}

const dir = mkdtempSync(join(tmpdir(), 'chat-search-bench-'));
const load = (loadavg()[0] ?? 0).toFixed(1);
const machine = `${availableParallelism()} cores, Node ${process.version}, load average ${load} before the run`;
process.stdout.write(`${machine}\n`);
const postgres = await startPostgres({ dataDir: join(dir, 'postgres') });
const pool = createPool({ databaseUrl: postgres.url, poolSize: 2, log: createLog('error', 'bench') });
try {
  await migrate(postgres.url);
  await run(pool, postgres.url, machine);
} finally {
  await pool.end();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
