import { ChatError } from '@chatcluster/protocol/errors';
import * as oidc from 'openid-client';

/** The person gets to know what can be done; the log of the caller has the cause. */
export async function translate<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ChatError) throw error;
    // The provider, or the person there, said no.
    if (error instanceof oidc.AuthorizationResponseError)
      throw new ChatError('forbidden', { message: `${name} did not sign you in.`, cause: error });
    if (error instanceof oidc.ResponseBodyError)
      throw new ChatError('unauthenticated', { message: `${name} did not confirm who you are.`, cause: error });
    if (isForged(error)) throw new ChatError('unauthenticated', { message: `The answer of ${name} is not valid.`, cause: error });
    throw new ChatError('unavailable', { message: `${name} does not answer.`, retryAfterMs: 5_000, cause: error });
  }
}

/** The library's codes for an answer that is there and wrong, as opposed to one that did not come. */
function isForged(error: unknown): boolean {
  if (!(error instanceof oidc.ClientError) || typeof error.code !== 'string') return false;
  return !['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'].includes(error.code);
}
