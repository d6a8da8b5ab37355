import type { Receipts } from '../../operations/receipts.ts';
import type { Handler } from './context.ts';

export function receipt(receipts: Pick<Receipts, 'set'>): Handler<'receipt'> {
  return async (connection, { conversationId, ...position }) => {
    await receipts.set(connection.userId, conversationId, position);
    return {};
  };
}
