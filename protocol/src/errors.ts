/**
 * The error catalogue: the only codes that an ack, a `connect_error` or a problem+json body may carry.
 * `http` is the status of the REST answer (null: the code exists on sockets only). `retryable` says whether
 * the same call may succeed later without the caller changing it.
 */
export const errorCatalogue = {
  unauthenticated: { http: 401, retryable: false, message: 'Sign in first.' },
  token_expired: { http: 401, retryable: true, message: 'The access token has expired; refresh it and try again.' },
  forbidden: { http: 403, retryable: false, message: 'You are not allowed to do this.' },
  not_member: { http: 403, retryable: false, message: 'You are no longer a member of this conversation.' },
  not_found: { http: 404, retryable: false, message: 'There is no such thing.' },
  invalid: { http: 422, retryable: false, message: 'The request is not valid.' },
  too_large: { http: 413, retryable: false, message: 'The request is too large.' },
  conflict: { http: 409, retryable: false, message: 'This conflicts with what is already there.' },
  rate_limited: { http: 429, retryable: true, message: 'Too many requests; slow down.' },
  overloaded: { http: 503, retryable: true, message: 'The server is at its limit; try again shortly.' },
  unavailable: { http: 503, retryable: true, message: 'A dependency is unavailable; try again shortly.' },
  unknown_event: { http: null, retryable: false, message: 'There is no such event.' },
  unsupported_protocol: { http: 426, retryable: false, message: 'This protocol version is not supported.' },
  internal: { http: 500, retryable: true, message: 'Something went wrong on our side.' },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/** The error part of an ack, of `connect_error.data` and of a problem+json body. */
export interface WireError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  /** Milliseconds to wait before a retry. */
  retryAfterMs?: number;
  /** For `invalid`: `{ path, issue }[]`. For `forbidden`, where signing in again helps: `{ reason: 'sign_in_again' }`. */
  details?: unknown;
}

export type Ack<T> = { ok: true; data: T } | { ok: false; error: WireError };

/** Codes of `session:ended`; `reconnect` travels beside them. */
export const endedCodes = ['revoked', 'replaced', 'expired', 'abuse', 'slow_consumer', 'account_deleted', 'unsupported_protocol'] as const;
export type EndedCode = (typeof endedCodes)[number];

export interface ChatErrorOptions {
  message?: string;
  retryAfterMs?: number;
  details?: unknown;
  cause?: unknown;
}

/** A failure that the caller is told about, by its code of the catalogue. */
export class ChatError extends Error {
  override name = 'ChatError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, options: ChatErrorOptions = {}) {
    super(options.message ?? errorCatalogue[code].message, { cause: options.cause });
    this.code = code;
    this.retryable = errorCatalogue[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }
}

/** What of an error goes over the wire. */
export function toWireError(error: ChatError): WireError {
  const wire: WireError = { code: error.code, message: error.message, retryable: error.retryable };
  if (error.retryAfterMs !== undefined) wire.retryAfterMs = error.retryAfterMs;
  if (error.details !== undefined) wire.details = error.details;
  return wire;
}
