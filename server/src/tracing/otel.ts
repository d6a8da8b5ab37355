import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type Link, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../config/tracing.ts';
import { parseTraceparent, type SpanOptions, type Tracing } from './tracing.ts';

export interface OtelOptions extends TracingConfig {
  podId: string;
  version: string;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

/** Spans wait this long for company; a pod that is killed loses them. */
const EXPORT_EVERY_MS = 1_000;
/** A collector that is away must not hold up the end of the process. */
const SHUTDOWN_MS = 2_000;

function toSpanContext(traceparent: string | undefined): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  if (parsed === undefined) return undefined;
  const [, traceId = '', spanId = '', flags = '00'] = parsed.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function end(span: Span, error?: unknown): void {
  // The name only: messages may carry what somebody wrote.
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'unknown' });
  span.end();
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

/**
 * OpenTelemetry without its globals: several pods may live in one process. Whether a trace is recorded is decided by its id
 * alone, whatever the caller's flags say: a client must not be able to have everything recorded.
 */
export function createOtelTracing({ endpoint, sampleRatio, podId, version }: OtelOptions): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'chatcluster', 'service.instance.id': podId, 'service.version': version }),
    sampler: new TraceIdRatioBasedSampler(sampleRatio),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
        scheduledDelayMillis: EXPORT_EVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('chatcluster');
  const active = new AsyncLocalStorage<Context>();

  function parentOf(options: SpanOptions): Context {
    const remote = toSpanContext(options.parent);
    if (remote !== undefined) return trace.setSpanContext(ROOT_CONTEXT, remote);
    return active.getStore() ?? ROOT_CONTEXT;
  }

  return {
    isOn: true,
    span(name, options, work) {
      const parent = parentOf(options);
      const links: Link[] = (options.links ?? []).flatMap((link) => {
        const context = toSpanContext(link);
        return context ? [{ context }] : [];
      });
      const { kind = 'internal', attributes = {} } = options;
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes, links }, parent);
      const handle = { rename: (to: string) => void span.updateName(to), set: (more: object) => void span.setAttributes({ ...more }) };
      try {
        const result = active.run(trace.setSpan(parent, span), () => work(handle));
        if (isPromise(result))
          result.then(
            () => end(span),
            (error: unknown) => end(span, error),
          );
        else end(span);
        return result;
      } catch (error) {
        end(span, error);
        throw error;
      }
    },
    traceparent() {
      const span = trace.getSpan(active.getStore() ?? ROOT_CONTEXT);
      return span && toTraceparent(span.spanContext());
    },
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, SHUTDOWN_MS);
      // What the collector did not take by now is lost; tracing never keeps a pod from ending.
      await Promise.race([provider.shutdown().catch(() => undefined), promise]).finally(() => clearTimeout(timer));
    },
  };
}
