import { ChatError } from '@chatcluster/protocol/errors';
import { isUnavailable } from '../store/errors.ts';

/** Runs a use case; a dependency that is away becomes `unavailable` with a hint, everything else stays as it is. */
export async function translateUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUnavailable(error)) throw new ChatError('unavailable', { retryAfterMs: 1_000, cause: error });
    throw error;
  }
}
