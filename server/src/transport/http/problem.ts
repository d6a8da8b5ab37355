import type { ErrorRequestHandler, Response } from 'express';
import { ChatError, errorCatalogue, toWireError } from '@chatcluster/protocol/errors';
import type { Logger } from '../../log.ts';
import { isUnavailable } from '../../store/errors.ts';

/** RFC 9457, with the fields of a wire error beside it. */
export function sendProblem(res: Response, error: ChatError, status: number = errorCatalogue[error.code].http ?? 400): void {
  const { message, ...wire } = toWireError(error);
  if (error.retryAfterMs !== undefined) res.set('Retry-After', String(Math.ceil(error.retryAfterMs / 1_000)));
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  res.status(status).type('application/problem+json').set('Cache-Control', 'no-store');
  res.send(JSON.stringify({ type: 'about:blank', title: errorCatalogue[error.code].message, status, detail: message, ...wire }));
}

/** What Express and its body parser throw carries a status and a type. */
function fromFramework(error: unknown): { error: ChatError; status?: number } | null {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null;
  if (error.status === 413) return { error: new ChatError('too_large', { cause: error }) };
  if (error.status >= 400 && error.status < 500) {
    return {
      error: new ChatError('invalid', { message: 'The request could not be read.', cause: error }),
      status: error.status === 404 ? 404 : 400,
    };
  }
  return null;
}

/** Everything that a handler may throw, as an error of the catalogue. Unknown ones become `internal`. */
export function toChatError(error: unknown): { error: ChatError; status?: number } {
  if (error instanceof ChatError) return { error };
  if (isUnavailable(error)) return { error: new ChatError('unavailable', { retryAfterMs: 1_000, cause: error }) };
  return fromFramework(error) ?? { error: new ChatError('internal', { cause: error }) };
}

/** Only these fields: errors of Postgres carry the values of the row in others. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'a value that is no Error was thrown' };
  return { type: error.name, message: error.message, stack: error.stack, code: 'code' in error ? error.code : undefined };
}

export function createErrorHandler(log: Logger): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (thrown: unknown, req, res, _next) => {
    const { error, status } = toChatError(thrown);
    if (error.code === 'internal') log.error({ requestId: req.id, error: describeError(error.cause ?? error) }, 'request failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    sendProblem(res, error, status);
  };
}
