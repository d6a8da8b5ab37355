import type { Conversation, Note, User } from '@chatcluster/protocol';
import type { LogMessage } from '../fold.ts';
import type { PendingMessage } from '../types.ts';
import { inTransaction, type Sql } from './sql.ts';
import type { LocalBatch, LocalDatabase, LocalLog, LocalState, LogChange, Position, WriteResult } from './types.ts';
import { loadKeep } from './evict.ts';

/** The statements. `nowMs` orders the logs by use, for eviction. */
export function createLocalDatabase(sql: Sql, nowMs: () => number): LocalDatabase {
  return {
    loadOutbox: () => parseRows<PendingMessage>(sql.all('select body from outbox order by rowid')),
    savePending: (pending) =>
      sql.run('insert into outbox (client_msg_id, body) values (?, ?) on conflict (client_msg_id) do update set body = excluded.body', [
        pending.clientMsgId,
        JSON.stringify(pending),
      ]),
    deletePending: (clientMsgId) => sql.run('delete from outbox where client_msg_id = ?', [clientMsgId]),
    loadState: () => loadState(sql),
    loadLog: (conversationId) => loadLog(sql, conversationId, nowMs()),
    write: (batch) => inTransaction(sql, () => write(sql, batch, nowMs())),
  };
}

function parseRows<T>(rows: readonly { readonly [column: string]: unknown }[]): T[] {
  return JSON.parse(`[${rows.map((row) => String(row['body'])).join(',')}]`) as T[];
}

function loadPosition(sql: Sql): Position {
  const meta = new Map(
    sql.all("select key, value from meta where key in ('epoch', 'since')").map((row) => [row['key'], String(row['value'])]),
  );
  const epoch = meta.get('epoch');
  return { epoch: epoch === undefined ? undefined : Number(epoch), since: meta.get('since') };
}

function loadState(sql: Sql): LocalState {
  return {
    ...loadPosition(sql),
    conversations: parseRows<Conversation>(sql.all('select body from conversations')),
    users: parseRows<User>(sql.all('select body from users')),
    reads: sql.all('select conversation_id, seq from reads').map((row) => ({
      conversationId: String(row['conversation_id']),
      seq: Number(row['seq']),
    })),
  };
}

function loadLog(sql: Sql, conversationId: string, nowMs: number): LocalLog | undefined {
  const [log] = sql.all('select cursor, has_before, version, notes from logs where conversation_id = ?', [conversationId]);
  if (log === undefined) return undefined;
  sql.run('update logs set used_at = ? where conversation_id = ?', [nowMs, conversationId]);
  return {
    epoch: loadPosition(sql).epoch,
    cursor: Number(log['cursor']),
    hasBefore: log['has_before'] === 1,
    version: String(log['version']),
    messages: parseRows<LogMessage>(sql.all('select body from messages where conversation_id = ? order by seq', [conversationId])),
    notes: JSON.parse(String(log['notes'])) as Note[],
  };
}

function write(sql: Sql, batch: LocalBatch, nowMs: number): WriteResult {
  savePosition(sql, batch);
  for (const id of batch.removed) sql.run('delete from conversations where id = ?', [id]);
  saveReads(sql, batch);
  for (const id of [...batch.removed, ...batch.dropped]) dropLog(sql, id);
  for (const conversation of batch.conversations) saveConversation(sql, conversation);
  for (const { id, ...user } of batch.users) {
    sql.run('insert or replace into users (id, body) values (?, ?)', [id, JSON.stringify({ id, ...user })]);
  }
  const stale = batch.logs.filter((change) => saveLog(sql, change, nowMs) === 'stale').map(({ conversationId }) => conversationId);
  return { stale, keep: loadKeep(sql) };
}

/** Several tabs read and tell side by side: only ever the furthest is kept, and only what is told is forgotten. */
function saveReads(sql: Sql, { reads, told, removed }: LocalBatch): void {
  for (const { conversationId, seq } of told) sql.run('delete from reads where conversation_id = ? and seq <= ?', [conversationId, seq]);
  for (const { conversationId, seq } of reads) {
    sql.run(
      'insert into reads (conversation_id, seq) values (?, ?) on conflict (conversation_id) do update set seq = max(seq, excluded.seq)',
      [conversationId, seq],
    );
  }
  for (const id of removed) sql.run('delete from reads where conversation_id = ?', [id]);
}

/** Of another epoch nothing is worth anything. */
function savePosition(sql: Sql, { epoch, since }: Position): void {
  if (epoch === undefined) return;
  const before = loadPosition(sql).epoch;
  if (before !== undefined && before !== epoch) {
    sql.exec("delete from messages; delete from logs; delete from conversations; delete from meta where key = 'since'");
  }
  sql.run("insert or replace into meta (key, value) values ('epoch', ?)", [String(epoch)]);
  if (since !== undefined) sql.run("insert or replace into meta (key, value) values ('since', ?)", [since]);
}

function dropLog(sql: Sql, conversationId: string): void {
  sql.run('delete from logs where conversation_id = ?', [conversationId]);
  sql.run('delete from messages where conversation_id = ?', [conversationId]);
}

/** A tab that is behind must not undo what another one has written. */
function saveConversation(sql: Sql, conversation: Conversation): void {
  sql.run(
    `insert into conversations (id, last_seq, body) values (?, ?, ?)
     on conflict (id) do update set last_seq = excluded.last_seq, body = excluded.body
     where excluded.last_seq > last_seq or (excluded.last_seq = last_seq
       and coalesce(excluded.body ->> '$.me.version', 0) >= coalesce(conversations.body ->> '$.me.version', 0))`,
    [conversation.id, conversation.lastSeq, JSON.stringify(conversation)],
  );
}

/** `stale`: a change of another state than the stored one. `behind`: another tab has written more already. */
function saveLog(sql: Sql, change: LogChange, nowMs: number): 'stored' | 'stale' | 'behind' {
  const { conversationId: id, base, cursor } = change;
  const [stored] = sql.all('select version, cursor, notes from logs where conversation_id = ?', [id]);
  if (stored !== undefined && Number(stored['cursor']) > cursor) return 'behind';
  if (base !== undefined && stored?.['version'] !== base) return 'stale';
  if (base === undefined) dropLog(sql, id);
  else sql.run('delete from messages where conversation_id = ? and seq < ?', [id, change.from]);
  sql.run('insert or replace into messages (conversation_id, seq, body) select ?, value ->> 0, value ->> 1 from json_each(?)', [
    id,
    JSON.stringify(change.messages.map((message) => [message.seq, JSON.stringify(message)])),
  ]);
  const notes = change.notes === undefined && base !== undefined ? String(stored?.['notes']) : JSON.stringify(change.notes ?? []);
  sql.run('insert or replace into logs (conversation_id, cursor, has_before, version, used_at, notes) values (?, ?, ?, ?, ?, ?)', [
    id,
    cursor,
    change.hasBefore ? 1 : 0,
    change.version,
    nowMs,
    notes,
  ]);
  return 'stored';
}
