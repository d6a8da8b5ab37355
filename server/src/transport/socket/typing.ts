import type { Typing } from '../../operations/typing.ts';
import type { Handler } from './context.ts';

export function typing(operation: Pick<Typing, 'set'>): Handler<'typing'> {
  return async (connection, { conversationId, on }) => {
    await operation.set(connection.userId, connection.id, conversationId, on);
    return {};
  };
}
