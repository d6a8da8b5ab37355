import type { ClientEventName, EventPayload, EventResult } from '@chatcluster/protocol';
import type { Connection } from './connection.ts';

/** A handler of one client event: validated payload in, ack data out, ChatError for a refusal. */
export type Handler<E extends ClientEventName> = (connection: Connection, payload: EventPayload<E>) => Promise<EventResult[E]>;
export type Handlers = { [E in ClientEventName]?: Handler<E> };
