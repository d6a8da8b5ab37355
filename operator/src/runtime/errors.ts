/** What the API server answered. `reason` is the machine-readable one of its Status object. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  /** How long the server asks us to stay away. */
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(message: string, answer: { status: number; reason: string; retryAfterMs?: number; details?: unknown }) {
    super(message);
    this.status = answer.status;
    this.reason = answer.reason;
    this.retryAfterMs = answer.retryAfterMs;
    this.details = answer.details;
  }
}

/** No answer. Whether the server acted on the request is unknown unless `sent` is false. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly sent: boolean;

  constructor(message: string, options: { sent: boolean; cause: unknown }) {
    super(message, { cause: options.cause });
    this.sent = options.sent;
  }
}

/** The call's deadline passed; like a ConnectionError, the server may have acted. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** Thrown instead of a write by a client whose leadership has run out. */
export class FencedError extends Error {
  override name = 'FencedError';
}

/** Thrown by a reconcile that no retry would help: counted and logged, not queued again. */
export class TerminalError extends Error {
  override name = 'TerminalError';
}

const hasStatus = (error: unknown, status: number) => error instanceof ApiError && error.status === status;

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
export const isUnauthorized = (error: unknown): boolean => hasStatus(error, 401);
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);
export const isInvalid = (error: unknown): boolean => hasStatus(error, 422);
export const isTooManyRequests = (error: unknown): boolean => hasStatus(error, 429);
/** Somebody else changed the object first, or another field manager owns the field. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409) && (error as ApiError).reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): boolean => hasStatus(error, 409) && (error as ApiError).reason === 'AlreadyExists';
/** The resourceVersion or continue token is too old: list again. */
export const isGone = (error: unknown): boolean =>
  hasStatus(error, 410) || (error instanceof ApiError && (error.reason === 'Expired' || error.reason === 'Gone'));
/** The namespace is being deleted: creating anything in it fails until it is gone. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  isForbidden(error) && /because it is being terminated/.test((error as ApiError).message);

interface StatusObject {
  kind?: unknown;
  message?: unknown;
  reason?: unknown;
  code?: unknown;
  details?: { retryAfterSeconds?: unknown };
}

function parseStatus(text: string): StatusObject {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && (value as StatusObject).kind === 'Status' ? (value as StatusObject) : {};
  } catch {
    // Proxies and load balancers answer with HTML or plain text.
    return {};
  }
}

/** Seconds or an HTTP date. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

export function apiErrorOf(status: number, text: string, retryAfterMs?: number): ApiError {
  const body = parseStatus(text);
  const seconds = body.details?.retryAfterSeconds;
  return new ApiError(typeof body.message === 'string' && body.message ? body.message : `the API server answered ${status}`, {
    status: typeof body.code === 'number' ? body.code : status,
    reason: typeof body.reason === 'string' ? body.reason : 'Unknown',
    retryAfterMs: retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined),
    details: body.details,
  });
}
