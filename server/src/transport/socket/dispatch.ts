import type { ClientEventName, WireError } from '@chatcluster/protocol';
import { ChatError, toWireError } from '@chatcluster/protocol/errors';
import { eventSchemas } from '@chatcluster/protocol/socket-schemas';
import type { Logger } from '../../log.ts';
import type { Connection } from './connection.ts';
import type { Handlers } from './context.ts';
import { BINARY, TOO_LARGE } from './parser.ts';
import { noTracing, parseTraceparent, traceIdOf, type Tracing } from '../../tracing/tracing.ts';
import { toDetails } from '../validation.ts';

export interface DispatchDeps {
  handlers: Handlers;
  /** Is the token that this connection holds still good? Memory only, no I/O. */
  checkToken(connection: Connection): void;
  onCall(event: ClientEventName, outcome: 'ok' | WireError['code'], durationMs: number): void;
  log: Logger;
  /** @default none */
  tracing?: Tracing;
  nowMs?: () => number;
}

/** Answers of calls that were under way together may exceed the limit of unread bytes this many times. */
const CALLS_AHEAD = 4;

type AckFunction = (answer: unknown) => void;

/** These can never succeed however often they come; a flood of them ends the socket. */
const abusive = new Set<WireError['code']>(['unknown_event', 'invalid', 'too_large']);

/** Socket.IO lets numbers through as names. */
function isEvent(name: string | number): name is ClientEventName {
  return typeof name === 'string' && Object.hasOwn(eventSchemas, name);
}

/** One event: size, schema, token, rate, then the handler. Every outcome becomes exactly one ack. */
export function createDispatch(deps: DispatchDeps) {
  const { nowMs = () => performance.now(), tracing = noTracing } = deps;

  function parse(event: ClientEventName, payload: unknown): unknown {
    if (payload === TOO_LARGE) throw new ChatError('too_large', { message: 'The payload of this event is too large.' });
    if (payload === BINARY) throw new ChatError('invalid', { details: [{ path: '', issue: 'must not be binary' }] });
    const parsed = eventSchemas[event].safeParse(payload);
    if (!parsed.success) throw new ChatError('invalid', { details: toDetails(parsed.error) });
    return parsed.data;
  }

  async function call(connection: Connection, event: string | number, payload: unknown): Promise<unknown> {
    if (!isEvent(event) || deps.handlers[event] === undefined) {
      if (payload === TOO_LARGE) throw new ChatError('too_large');
      throw new ChatError('unknown_event', { message: `There is no event "${String(event).slice(0, 64)}".` });
    }
    const data = parse(event, payload);
    if (event !== 'auth:refresh') deps.checkToken(connection);
    const waitMs = connection.events?.take(nowMs()) ?? 0;
    if (waitMs > 0) throw new ChatError('rate_limited', { retryAfterMs: waitMs });
    const handler = deps.handlers[event] as (connection: Connection, payload: unknown) => Promise<unknown>;
    if (!tracing.isOn) return handler(connection, data);
    const parent = parseTraceparent((payload as { traceparent?: unknown }).traceparent);
    return tracing.span(`socket ${event}`, { kind: 'server', parent }, () => handler(connection, data));
  }

  function toError(error: unknown, connection: Connection, event: string | number): ChatError {
    if (error instanceof ChatError) return error;
    deps.log.error({ err: error, event, socketId: connection.id, ...traceIdOf(tracing) }, 'event handler failed');
    return new ChatError('internal', { cause: error });
  }

  return async function dispatch(connection: Connection, event: string | number, args: unknown[]): Promise<void> {
    const last = args.at(-1);
    const ack = typeof last === 'function' ? (last as AckFunction) : undefined;
    const startedAt = nowMs();
    // Answers are written whether they are read or not: without this, one who only asks would fill the memory.
    if (connection.isBehind(1)) return connection.endSlow();
    if (ack === undefined) {
      if (connection.isAbusive(startedAt)) connection.end('abuse', 'Too many calls that cannot succeed.', false);
      return;
    }
    const name = isEvent(event) ? event : undefined;
    try {
      const data = await call(connection, event, args.length > 1 ? args[0] : undefined);
      if (connection.isBehind(CALLS_AHEAD)) return connection.endSlow();
      ack({ ok: true, data });
      if (name) deps.onCall(name, 'ok', nowMs() - startedAt);
    } catch (error) {
      const chatError = toError(error, connection, event);
      ack({ ok: false, error: toWireError(chatError) });
      if (name) deps.onCall(name, chatError.code, nowMs() - startedAt);
      if (abusive.has(chatError.code) && connection.isAbusive(startedAt))
        connection.end('abuse', 'Too many calls that cannot succeed.', false);
    }
  };
}
export type Dispatch = ReturnType<typeof createDispatch>;
