/** A span while its work runs. */
export interface SpanHandle {
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  attributes?: SpanAttributes;
  /** W3C traceparent of the parent, from whoever asked; one that is malformed counts as none. @default the active span */
  parent?: string | undefined;
  /** Traceparents of other traces that this work is part of. */
  links?: readonly string[];
}

/**
 * What the program needs of tracing. Names and attributes are from fixed sets, or ids; never texts, tokens or addresses.
 */
export interface Tracing extends AsyncDisposable {
  /** False: nothing is recorded, so nothing has to be prepared for it. */
  readonly isOn: boolean;
  /** Runs the work as a span; it ends when the work, or the promise that it gives, has ended. */
  span<T>(name: string, options: SpanOptions, work: (span: SpanHandle) => T): T;
  /** W3C traceparent of the active span. */
  traceparent(): string | undefined;
}

const nothing: SpanHandle = { rename() {}, set() {} };

export const noTracing: Tracing = {
  isOn: false,
  span: (_name, _options, work) => work(nothing),
  traceparent: () => undefined,
  [Symbol.asyncDispose]: async () => {},
};

/** For logs: the trace that a line belongs to. */
export function traceIdOf(tracing: Tracing): { traceId: string } | undefined {
  const traceparent = tracing.traceparent();
  return traceparent === undefined ? undefined : { traceId: traceparent.slice(3, 35) };
}

const PATTERN = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Somebody else's header or field, if it is a traceparent. */
export function parseTraceparent(value: unknown): string | undefined {
  return typeof value === 'string' && PATTERN.test(value) ? value : undefined;
}
