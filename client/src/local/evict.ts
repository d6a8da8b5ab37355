import { inTransaction, type Sql } from './sql.ts';

/** Messages kept of each conversation while there is room. */
const KEEP = 500;
/** Fewer than a screen would be no use: from here on whole conversations go. */
const KEEP_LEAST = 25;

export function loadKeep(sql: Sql): number {
  return Number(sql.all("select value from meta where key = 'keep'")[0]?.['value'] ?? KEEP);
}

export function usedBytes(sql: Sql): number {
  const value = (pragma: string) => Number(Object.values(sql.all(`pragma ${pragma}`)[0] ?? {})[0] ?? 0);
  return (value('page_count') - value('freelist_count')) * value('page_size');
}

/**
 * Makes room: the oldest messages of every conversation go, and when only a screen of each is left, the logs of those that
 * were not looked at for the longest time. The outbox is never touched.
 */
export function evict(sql: Sql): void {
  const keep = loadKeep(sql);
  inTransaction(sql, () => (keep > KEEP_LEAST ? trimLogs(sql, Math.max(KEEP_LEAST, Math.floor(keep / 2))) : dropOldLogs(sql)));
}

function trimLogs(sql: Sql, keep: number): void {
  sql.run("insert or replace into meta (key, value) values ('keep', ?)", [String(keep)]);
  for (const { conversation_id: id = null } of sql.all('select conversation_id from logs')) {
    const [edge] = sql.all('select seq from messages where conversation_id = ? order by seq desc limit 1 offset ?', [id, keep]);
    if (edge === undefined) continue;
    sql.run('delete from messages where conversation_id = ? and seq <= ?', [id, edge['seq'] ?? 0]);
    // Another version: a tab that holds more of it must not take the rest for stored.
    sql.run(
      `update logs set has_before = 1, version = version || '-', notes =
         (select json_group_array(json(value)) from json_each(notes) where value ->> '$.seq' > ?) where conversation_id = ?`,
      [edge['seq'] ?? 0, id],
    );
  }
}

function dropOldLogs(sql: Sql): void {
  sql.exec(`delete from logs where conversation_id in
      (select conversation_id from logs order by used_at limit (select (count(*) + 1) / 2 from logs));
    delete from messages where conversation_id not in (select conversation_id from logs)`);
}
