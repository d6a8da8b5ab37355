import { pipeline } from 'node:stream/promises';
import { createGroupCommit, type GroupCommitDeps } from '@chatcluster/server/ingest/group-commit';
import { createLog } from '@chatcluster/server/log';
import { createMembership } from '@chatcluster/server/operations/membership';
import { createStore } from '@chatcluster/server/store/store';
import { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { bareInsert, type InsertRows, insertByUnnest, LOOPS, newRow, POOL, rateOf, SENDERS } from './durable.ts';
import type { Lever, LeverOptions } from './levers.ts';
import { makeGroups, storeWorld } from './world.ts';

const columns = 'conversation_id, seq, id, type, actor_id, client_msg_id, at, data';

/** A parameter for each field of each row, as ORMs write it. */
const insertByValues: InsertRows = (client, rows) => {
  const tuples = rows.map(
    (_, i) => `($${i * 6 + 1}, $${i * 6 + 2}, $${i * 6 + 3}, 'message', $${i * 6 + 4}, $${i * 6 + 5}, now(), $${i * 6 + 6})`,
  );
  return client.query({
    name: 'values',
    text: `insert into entries (${columns}) values ${tuples.join(', ')}`,
    values: rows.flatMap((row) => [row.conversationId, row.seq, row.id, row.actorId, row.clientMsgId, row.data]),
  });
};

const insertByCopy: InsertRows = (client, rows) => {
  const at = new Date().toISOString();
  const escape = (text: string) => text.replaceAll('\\', '\\\\');
  const lines = rows.map((row) =>
    [row.conversationId, row.seq, row.id, 'message', row.actorId, row.clientMsgId, at, escape(row.data)].join('\t'),
  );
  return pipeline([`${lines.join('\n')}\n`], client.query(copyFrom(`copy entries (${columns}) from stdin`)));
};

/** From a send to its commit. */
export async function openCommitLevers({ services, isQuick, stack }: LeverOptions): Promise<Lever[]> {
  const seconds = isQuick ? 1 : 2;
  const url = await services.createDatabase('levers', true);
  const world = makeGroups(1_000, 10);
  await storeWorld(url, world);
  const store = stack.use(createStore({ databaseUrl: url, poolSize: POOL, log: createLog('warn', 'bench') }));
  const pool = new Pool({ connectionString: url, max: POOL });
  stack.defer(() => pool.end());

  const usual = { append: store.appendEntries, onCommitted: () => undefined, windowMs: 3 };
  const groupCommit = (options: Partial<GroupCommitDeps> = {}) => {
    const { submit } = createGroupCommit({ ...usual, ...options });
    return () =>
      rateOf(
        async () => ((await submit(newRow(world))).status === 'stored' ? 1 : Promise.reject(new Error('not stored'))),
        SENDERS,
        seconds,
      );
  };
  const insert = (rows: InsertRows) => () => rateOf(bareInsert(pool, world, rows), LOOPS, seconds);
  const membership = createMembership({ loadAccess: store.loadAccess });
  const { submit } = createGroupCommit(usual);
  const send = (isCached: boolean) => () =>
    rateOf(
      async () => {
        const row = newRow(world);
        const known = isCached ? membership.peek(row.conversationId) : undefined;
        if (!known && !(await membership.reload(row.conversationId))) throw new Error('no such conversation');
        await submit(row);
        return 1;
      },
      SENDERS,
      seconds,
    );
  const unit = 'messages/s';
  return [
    {
      name: 'group commit',
      unit,
      variants: [
        ['100 rows at most, a window of 3 ms, 2 at once', groupCommit()],
        ['1 row', groupCommit({ maxRows: 1, lanes: POOL })],
        ['10 rows', groupCommit({ maxRows: 10 })],
        ['500 rows', groupCommit({ maxRows: 500 })],
        ['no window', groupCommit({ windowMs: 0 })],
        ['a window of 10 ms', groupCommit({ windowMs: 10 })],
        ['1 at once', groupCommit({ lanes: 1 })],
        ['4 at once', groupCommit({ lanes: 4 })],
      ],
    },
    {
      name: '100 bare rows',
      unit,
      variants: [
        ['UNNEST, prepared', insert(insertByUnnest('bare'))],
        ['UNNEST, parsed each time', insert(insertByUnnest())],
        ['VALUES with 600 parameters, prepared', insert(insertByValues)],
        ['COPY', insert(insertByCopy)],
      ],
    },
    {
      name: 'members of the conversation',
      unit,
      variants: [
        ['cached', send(true)],
        ['asked for each time', send(false)],
      ],
    },
  ];
}
