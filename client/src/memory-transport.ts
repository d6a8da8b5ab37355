import type { Ack, ClientEventName, ServerEventName, ServerEvents, WireError } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { TransportFactory } from './transport.ts';
import type { ConnectCredentials } from './types.ts';

export interface MemoryCall {
  event: ClientEventName;
  payload: Record<string, unknown>;
  answer(data: unknown): void;
  fail(error: Partial<WireError> & { code: WireError['code'] }): void;
}

/** One connection, seen from the server's side. */
export interface MemoryConnection {
  auth: ConnectCredentials;
  isClosed: boolean;
  emit<E extends ServerEventName>(name: E, payload: ServerEvents[E]): void;
  refuse(error?: Partial<WireError>): void;
  drop(): void;
}

/** A server in memory, for tests: `onConnect` and `onCall` play its part. */
export interface MemoryServer {
  transport: TransportFactory;
  connections: MemoryConnection[];
  calls: MemoryCall[];
  onConnect(connection: MemoryConnection): void;
  onCall(call: MemoryCall, connection: MemoryConnection): void;
}

export function createMemoryServer(part: Partial<Pick<MemoryServer, 'onConnect' | 'onCall'>> = {}): MemoryServer {
  const server: MemoryServer = {
    transport: open,
    connections: [],
    calls: [],
    onConnect: part.onConnect ?? (() => {}),
    onCall: part.onCall ?? (() => {}),
  };
  return server;

  function open(...[_url, auth, handlers]: Parameters<TransportFactory>): ReturnType<TransportFactory> {
    const waiting = new Set<(error: ChatError) => void>();
    const end = () => {
      connection.isClosed = true;
      for (const reject of waiting) reject(new ChatError('unavailable', { message: 'The connection ended.' }));
      waiting.clear();
    };
    const connection: MemoryConnection = {
      auth,
      isClosed: false,
      emit: (name, payload) => void (connection.isClosed || handlers.event(name, payload)),
      refuse: (error) => void (connection.isClosed || handlers.refused(error)),
      drop() {
        if (connection.isClosed) return;
        end();
        handlers.closed('transport close');
      },
    };
    server.connections.push(connection);
    queueMicrotask(() => connection.isClosed || server.onConnect(connection));
    return {
      close: end,
      call: (event, payload) =>
        new Promise((resolve, reject) => {
          if (connection.isClosed) return reject(new ChatError('unavailable', { message: 'Not connected.' }));
          waiting.add(reject);
          const settle = (ack: unknown) => {
            if (waiting.delete(reject)) resolve(ack as Ack<never>);
          };
          const call: MemoryCall = {
            event,
            payload: payload as Record<string, unknown>,
            answer: (data) => settle({ ok: true, data }),
            fail: (error) => settle({ ok: false, error: { message: '', retryable: new ChatError(error.code).retryable, ...error } }),
          };
          server.calls.push(call);
          queueMicrotask(() => server.onCall(call, connection));
        }),
    };
  }
}
