import { sleep } from 'k6';
import http, { type RefinedResponse } from 'k6/http';

export interface Account {
  userId: string;
  token: string;
  refreshToken: string;
}
interface SignedIn {
  user: { id: string };
  accessToken: string;
  refreshToken: string;
}
type Response = RefinedResponse<'text'>;

const HEADERS = { 'Content-Type': 'application/json' };
const BATCH = 20;
const MAX_TRIES = 20;

const bearer = (token: string) => ({ headers: { ...HEADERS, Authorization: `Bearer ${token}` } });

/** One line that says what failed and, where it is known, what to do. */
export function explain(what: string, response: Response): string {
  if (response.error) return `${what}: ${response.url} cannot be reached (${response.error}); is the installation running at this URL?`;
  const hint =
    response.status === 429
      ? '; start the installation with RATE_LIMITS=off for load tests, or use fewer VUS and SOCKETS'
      : response.status === 403
        ? '; where guests are not allowed: ACCOUNTS=register'
        : response.status === 404
          ? '; is this the address of a chat installation?'
          : '';
  return `${what}: ${response.url} answered ${response.status} ${String(response.body ?? '').slice(0, 200)}${hint}`;
}

function isRetryable({ status }: Response): boolean {
  return status === 429 || status === 503;
}

type Post = { path: string; body: unknown; token?: string };

function toRequest(url: string, { path, body, token }: Post) {
  return { method: 'POST', url: `${url}${path}`, body: JSON.stringify(body), params: token ? bearer(token) : { headers: HEADERS } };
}

/** All of them, in parallel by twenties; those that were told to wait are repeated. Order is kept. */
export function postAll<T>(urls: readonly string[], what: string, posts: readonly Post[]): T[] {
  const results: T[] = [];
  for (let start = 0; start < posts.length; start += BATCH) {
    const batch = posts.slice(start, start + BATCH);
    results.push(...postBatch<T>(urls[(start / BATCH) % urls.length]!, what, batch));
  }
  return results;
}

function postBatch<T>(url: string, what: string, posts: readonly Post[]): T[] {
  const results: T[] = Array.from({ length: posts.length });
  let open = posts.map((_, i) => i);
  for (let tries = 1; open.length > 0; tries += 1) {
    const responses = http.batch(open.map((i) => toRequest(url, posts[i]!))) as Response[];
    const again = open.filter((_, j) => isRetryable(responses[j]!));
    responses.forEach((response, j) => {
      if (isRetryable(response)) return;
      if (response.status < 200 || response.status > 299) throw new Error(explain(what, response));
      results[open[j]!] = JSON.parse(String(response.body)) as T;
    });
    const waiting = responses.find(isRetryable);
    if (waiting && tries === MAX_TRIES) throw new Error(explain(what, waiting));
    if (waiting) sleep(Math.min(30, Number(waiting.headers['Retry-After'] ?? 1)));
    open = again;
  }
  return results;
}

/** Fails with one readable line when this is no chat installation. */
export function checkTarget(url: string): void {
  const response = http.get(`${url}/.well-known/jwks.json`, { timeout: '5s', responseType: 'text' });
  if (response.status !== 200) throw new Error(explain('the target does not answer', response));
}

export function signUp(
  urls: readonly string[],
  count: number,
  { accounts, run }: { accounts: 'guest' | 'register'; run: string },
): Account[] {
  const posts = Array.from({ length: count }, (_, i) => {
    const displayName = `k6 ${run} ${i}`;
    if (accounts === 'guest') return { path: '/v1/auth/guest', body: { displayName, tokens: 'body' } };
    const body = { displayName, tokens: 'body', email: `k6-${run}-${i}@example.com`, password: `k6-${run}-password` };
    return { path: '/v1/auth/register', body };
  });
  return postAll<SignedIn>(urls, 'signing up', posts).map(({ user, accessToken, refreshToken }) => ({
    userId: user.id,
    token: accessToken,
    refreshToken,
  }));
}

/** One conversation per list of members, made by its first. */
export function createGroups(urls: readonly string[], groups: readonly (readonly Account[])[]): string[] {
  const posts = groups.map(([owner, ...others]) => ({
    path: '/v1/conversations',
    token: owner!.token,
    body: { kind: 'group', title: 'k6', memberIds: others.map(({ userId }) => userId) },
  }));
  return postAll<{ id: string }>(urls, 'creating a conversation', posts).map(({ id }) => id);
}

/** Without blocking the other sockets of this VU. */
async function postLater<T>(url: string, what: string, post: Post): Promise<T> {
  const { method, url: address, body, params } = toRequest(url, post);
  const response = (await http.asyncRequest(method, address, body, params)) as Response;
  if (response.status < 200 || response.status > 299) throw new Error(explain(what, response));
  return JSON.parse(String(response.body)) as T;
}

export async function fetchTicket(url: string, { token }: Account): Promise<string> {
  const { ticket } = await postLater<{ ticket: string }>(url, 'a ticket', { path: '/v1/auth/tickets', body: {}, token });
  return ticket;
}

export async function refreshAccount(url: string, account: Account): Promise<string> {
  const { refreshToken } = account;
  const next = await postLater<SignedIn>(url, 'refreshing', { path: '/v1/auth/refresh', body: { refreshToken } });
  account.token = next.accessToken;
  account.refreshToken = next.refreshToken;
  return next.accessToken;
}

/** Sum over the pods of the CPU time since their start, from their own metrics. */
export async function readCpuMs(adminUrls: readonly string[]): Promise<number> {
  const answers = await Promise.all(adminUrls.map((url) => http.asyncRequest('GET', `${url}/metrics`, null, { responseType: 'text' })));
  return answers.reduce((sum, answer) => {
    const found = /^process_cpu_seconds_total(?:\{[^}]*\})? ([\d.e+-]+)/m.exec(String(answer.body));
    return sum + Number(found?.[1] ?? Number.NaN) * 1_000;
  }, 0);
}
