import type { Db } from './auth-keys.ts';

/** Fewer rows than this are found quickly by any plan. */
const ROWS = 200;
/** Autovacuum looks at a tenth of change, but once a minute; this is for tables that were all but empty when it looked. */
const GROWTH = 5;

/** Counts tables anew that have grown manifold since they were last counted. Returns their names. */
export async function analyzeGrown(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select format('%I.%I', s.schemaname, s.relname) as name
     from pg_stat_user_tables s join pg_class c on c.oid = s.relid
     where pg_has_role(c.relowner, 'usage') and s.n_mod_since_analyze > ${ROWS} and s.n_mod_since_analyze > ${GROWTH} * greatest(c.reltuples, 0)
     order by 1`,
  );
  for (const { name } of rows) await db.query(`analyze ${name}`);
  return rows.map(({ name }) => name);
}
