import type { Pool } from 'pg';
import type { Tracing } from './tracing.ts';

const verbs = ['select', 'insert', 'update', 'delete', 'with', 'call'] as const;

/** The first word, if it is one of a few: never a text with values in it. */
function operationOf(query: unknown): string {
  const text = typeof query === 'string' ? query : ((query as { text?: unknown } | undefined)?.text ?? '');
  const [, word = ''] = /^\s*([a-z]+)/i.exec(String(text)) ?? [];
  return verbs.find((verb) => verb === word.toLowerCase()) ?? 'other';
}

/** Statements become spans of whatever asked for them; those that nothing traced asked for are left alone. */
export function tracePool(pool: Pool, tracing: Tracing): void {
  if (!tracing.isOn) return;
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const traced = (...args: unknown[]) => {
    if (tracing.traceparent() === undefined) return query(...args);
    const operation = operationOf(args[0]);
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
    return tracing.span(`sql ${operation}`, { kind: 'client', attributes }, () => query(...args));
  };
  Object.assign(pool, { query: traced });
}
