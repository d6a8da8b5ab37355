import { ChatError, errorCatalogue } from '@chatcluster/protocol/errors';
import type { ErrorCode, WireError } from '@chatcluster/protocol';

export interface HttpDeps {
  url: string;
  fetch: typeof globalThis.fetch;
  /** Whether cookies go along. */
  cookies: boolean;
  timeoutMs: number;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  token?: string;
}

/** Sends one request; resolves with the parsed body (undefined for 204) or throws a `ChatError`. */
export async function sendRequest(deps: HttpDeps, request: HttpRequest): Promise<unknown> {
  const response = await reach(deps, request);
  const text = await response.text().catch((cause: unknown) => {
    throw new ChatError('unavailable', { message: 'The connection ended in the middle of the answer.', cause });
  });
  const body = parseJson(text);
  if (response.ok) return body;
  throw parseProblem(response.status, body, response.headers.get('retry-after'));
}

async function reach(deps: HttpDeps, request: HttpRequest): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (request.token !== undefined) headers['authorization'] = `Bearer ${request.token}`;
  try {
    return await deps.fetch(deps.url + request.path + toQuery(request.query), {
      method: request.method,
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      credentials: deps.cookies ? 'same-origin' : 'omit',
      signal: AbortSignal.timeout(deps.timeoutMs),
    });
  } catch (cause) {
    throw new ChatError('unavailable', { message: 'The server cannot be reached.', cause });
  }
}

function toQuery(query: HttpRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // A proxy's error page: the status alone says what happened.
  }
}

/** A problem+json body as an error; an answer of a proxy in between is told by its status. */
export function parseProblem(status: number, body: unknown, retryAfter: string | null): ChatError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<WireError> & { detail?: string; title?: string };
  const seconds = Number(retryAfter ?? Number.NaN);
  const retryAfterMs = problem.retryAfterMs ?? (Number.isFinite(seconds) ? seconds * 1_000 : undefined);
  const message = problem.message ?? problem.detail ?? problem.title;
  return new ChatError(isErrorCode(problem.code) ? problem.code : codeOfStatus(status), {
    ...(message === undefined ? {} : { message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: problem.details,
  });
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 502 || status === 504) return 'unavailable';
  const known = Object.entries(errorCatalogue).find(([code, { http }]) => http === status && code !== 'token_expired');
  if (known) return known[0] as ErrorCode;
  return status >= 500 ? 'internal' : 'invalid';
}
