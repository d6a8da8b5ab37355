import type { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';

/** Opaque to clients: the position after which the next page begins. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  const result = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!result.success) throw new ChatError('invalid', { details: [{ path: 'cursor', issue: 'is not a cursor of this list' }] });
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
