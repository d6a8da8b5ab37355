import type { CatchUp } from '../../operations/catch-up.ts';
import type { Handlers } from './context.ts';

/** `changes`, `sync`, `history` and `positions`: reads of what was missed. */
export function catchingUp(operations: CatchUp): Pick<Handlers, 'changes' | 'sync' | 'history' | 'positions'> {
  return {
    changes: (connection, payload) => operations.changes(connection.userId, payload.since, payload.limit),
    sync: (connection, payload) => operations.sync(connection.userId, payload.cursors),
    positions: (connection, payload) => operations.positions(connection.userId, payload.conversationIds),
    history: (connection, { conversationId, ...range }) => operations.history(connection.userId, conversationId, range),
  };
}
