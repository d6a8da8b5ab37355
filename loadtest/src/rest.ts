import { setTimeout as pause } from 'node:timers/promises';
import { retryAfterMs } from './wire/raw-socket.ts';

const REQUEST_MS = 20_000;
const TRIES = 8;
/** A wrong address should not take half a minute to show. */
const UNREACHABLE_TRIES = 5;
const LONGEST_PAUSE_MS = 60_000;

/** A mistake of the caller or a server that does not do its part: shown as one line. */
export class LoadError extends Error {
  override name = 'LoadError';
  /** Of the answer that it tells of. */
  readonly status: number | undefined;

  constructor(message: string, { status, ...options }: ErrorOptions & { status?: number | undefined } = {}) {
    super(message, options);
    this.status = status;
  }
}

interface Answer {
  status: number;
  body: unknown;
  retryAfterMs: number | undefined;
}

async function request(url: string, { method, body, token }: Pick<RestRequest, 'method' | 'body' | 'token'>): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  };
}

export interface RestRequest {
  /** Tried in turn, beginning with number `first`: one of several pods may be down. */
  urls: readonly string[];
  first: number;
  path: string;
  method: 'GET' | 'POST';
  body?: object;
  token?: string;
}

/** Waits as long as the server asks and tries again when it is busy or away; throws when it refuses for good. */
export async function rest<T>({ onPause, ...wanted }: RestRequest & { onPause?: (ms: number) => void }): Promise<T> {
  const { urls, first, path } = wanted;
  let problem = '';
  let status: number | undefined;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    let waitMs = 200 * 2 ** attempt * (0.5 + Math.random() / 2);
    const url = `${urls[(first + attempt) % urls.length]}${path}`;
    try {
      const answer = await request(url, wanted);
      if (answer.status < 300) return answer.body as T;
      problem = `${url} answered ${answer.status} ${JSON.stringify(answer.body)}`;
      status = answer.status;
      if (answer.status !== 429 && answer.status < 500) break;
      waitMs = Math.min(LONGEST_PAUSE_MS, answer.retryAfterMs ?? waitMs);
    } catch (error) {
      status = undefined;
      problem = `${url} cannot be reached: ${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message}`;
      if (attempt + 1 >= UNREACHABLE_TRIES) break;
    }
    onPause?.(waitMs);
    await pause(waitMs);
  }
  throw new LoadError(`${wanted.method} ${problem}`, { status });
}

/** A new access token; undefined when the server cannot give one now. */
export async function refreshTokens(url: string, refreshToken: string): Promise<{ token: string; refreshToken: string } | undefined> {
  const answer = await request(`${url}/v1/auth/refresh`, { method: 'POST', body: { refreshToken, tokens: 'body' } }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const body = answer.body as { accessToken: string; refreshToken?: string };
  return { token: body.accessToken, refreshToken: body.refreshToken ?? refreshToken };
}
