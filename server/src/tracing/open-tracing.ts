import type { Config } from '../config.ts';
import { noTracing, type Tracing } from './tracing.ts';

/** OpenTelemetry is loaded only where it is configured: it would cost every start a good part of its time. */
export async function openTracing({ tracing, podId, version }: Pick<Config, 'tracing' | 'podId' | 'version'>): Promise<Tracing> {
  if (tracing === undefined) return noTracing;
  const { createOtelTracing } = await import('./otel.ts');
  return createOtelTracing({ ...tracing, podId, version });
}
