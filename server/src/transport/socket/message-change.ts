import type { ChangeMessage } from '../../operations/change-message.ts';
import type { Handlers } from './context.ts';

/** `message:edit`, `message:delete`, `reaction:set` and `pin:set`: one use case with four faces. */
export function messageChange(operations: ChangeMessage): Pick<Handlers, 'message:edit' | 'message:delete' | 'reaction:set' | 'pin:set'> {
  return {
    'message:edit': (connection, payload) => operations.edit(connection.userId, payload),
    'message:delete': (connection, payload) => operations.remove(connection.userId, payload),
    'reaction:set': (connection, payload) => operations.react(connection.userId, payload),
    'pin:set': (connection, payload) => operations.pin(connection.userId, payload),
  };
}
