import type { Ack, ClientEventName, EventInput, EventResult, ServerEventName, ServerEvents, WireError } from '@chatcluster/protocol';
import type { ConnectCredentials } from './types.ts';

/** What a transport tells its owner. Every call but `event` happens at most once per transport. */
export interface TransportHandlers {
  /** Server events, `session:ready` first. */
  event<E extends ServerEventName>(name: E, payload: ServerEvents[E]): void;
  /** The handshake failed. Without `error` nobody answered (network, timeout). */
  refused(error?: Partial<WireError>): void;
  /** An open connection is gone. */
  closed(reason: string): void;
}

/** One connection attempt and, if it succeeds, one connection. Never reconnects by itself. */
export interface Transport {
  /** Resolves with the ack; rejects with a `ChatError` `unavailable` when there is none within `timeoutMs` or the connection ends. */
  call<E extends ClientEventName>(event: E, payload: EventInput<E>, timeoutMs: number): Promise<Ack<EventResult[E]>>;
  /** Closes without calling `closed`. */
  close(): void;
}

export type TransportFactory = (url: string, auth: ConnectCredentials, handlers: TransportHandlers) => Transport;
