import { ConfigError, type Env, url } from './env.ts';

export interface TracingConfig {
  /** Base URL of an OTLP collector over HTTP; spans go to `/v1/traces` below it. */
  endpoint: string;
  /** Share of traces that are recorded, from 0 to 1; decided by the trace's id, so that all pods agree. */
  sampleRatio: number;
}

/** The names are OpenTelemetry's own. Undefined: no tracing, and none of its code is loaded. */
export function parseTracing(env: Env): TracingConfig | undefined {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return undefined;
  const sampleRatio = Number(env.OTEL_TRACES_SAMPLER_ARG || 1);
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) throw new ConfigError('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return { endpoint: url('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint, ['http:', 'https:']).replace(/\/+$/, ''), sampleRatio };
}
