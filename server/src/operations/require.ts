import { ChatError } from '@chatcluster/protocol/errors';
import type { Decision } from '../domain/permissions.ts';

/** A refused decision becomes the error that the caller sees. */
export function require(decision: Decision): void {
  if (!decision.ok) throw new ChatError(decision.code, decision.message === undefined ? {} : { message: decision.message });
}
