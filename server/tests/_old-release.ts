import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { listTables, type Table } from './_rows.ts';

interface Statement {
  name: string;
  text: string;
  values?: unknown[];
}

/** Read a row, write it as it is, and insert it again: with the columns that the table has now, whatever it has later. */
function statementsOf({ name, columns, key }: Table): Statement[] {
  const names = columns.map((column) => column.name).join(', ');
  const written = columns.filter((column) => !column.isIdentity).map((column) => `${column.name} = t.${column.name}`);
  const keys = key.join(', ');
  const row = key.length > 0 ? `(${keys}) = (select ${keys} from ${name} limit 1)` : `ctid = (select ctid from ${name} limit 1)`;
  return [
    { name: `read ${name}`, text: `select ${names} from ${name} limit 1` },
    { name: `update ${name}`, text: `update ${name} t set ${written.join(', ')} where ${row}` },
    {
      name: `insert ${name}`,
      text: `insert into ${name} (${names}) overriding system value select ${names} from ${name} limit 1 on conflict do nothing`,
    },
  ];
}

/** A chat of the first release: its calls are the same in every later one. */
async function chatStatements(db: pg.ClientBase): Promise<() => Statement[]> {
  const [user, conversation] = [randomUUID(), randomUUID()];
  await db.query("insert into users (id, display_name) values ($1, 'Ann')", [user]);
  const group = { id: conversation, kind: 'group', history: 'all', creatorId: user, memberIds: [user] };
  await db.query('select create_conversation($1)', [group]);
  return () => {
    const id = randomUUID();
    const data = JSON.stringify({ body: 'hello' });
    return [
      {
        name: 'send',
        text: 'select * from append_entries($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::int[], false)',
        values: [[conversation], [id], ['message'], [user], [randomUUID()], [data], [null]],
      },
      {
        name: 'react',
        text: 'select append_change($1, $2, $3, $4, $5, $6, $7)',
        values: [conversation, randomUUID(), 'reaction', user, randomUUID(), { messageId: id, emoji: '👍', on: true }, null],
      },
      {
        name: 'history',
        text: 'select seq, id, type, actor_id, at, data from entries where conversation_id = $1 order by seq desc limit 5',
        values: [conversation],
      },
    ];
  };
}

export interface OldRelease extends AsyncDisposable {
  /** Ends when each of its statements has run once more, from their beginning. */
  round(): Promise<void>;
  /** What it has met until now. */
  failures: Set<string>;
  longestMs(): number;
}

/** A pod that knows the tables as they are now, and goes on while they change. Named statements are planned once, as a pod's are. */
export async function runOldRelease(url: string): Promise<OldRelease> {
  const client = new pg.Client({ connectionString: url, application_name: 'old-release' });
  await client.connect();
  const rows = (await listTables(client)).flatMap(statementsOf);
  const chat = await chatStatements(client);
  const failures = new Set<string>();
  const stop = new AbortController();
  let longestMs = 0;
  let rounds = 0;
  let isTold = Promise.withResolvers<void>();

  async function run(statement: Statement): Promise<void> {
    const startedAt = performance.now();
    await client.query(statement).catch((error: Error) => failures.add(`${statement.name}: ${error.message}`));
    longestMs = Math.max(longestMs, performance.now() - startedAt);
  }
  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      for (const statement of [...chat(), ...rows]) await run(statement);
      rounds += 1;
      isTold.resolve();
      isTold = Promise.withResolvers();
    }
  }
  const running = loop();
  return {
    failures,
    longestMs: () => longestMs,
    async round() {
      const until = rounds + 2;
      while (rounds < until) await isTold.promise;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await client.end();
    },
  };
}
