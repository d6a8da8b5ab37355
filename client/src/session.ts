import type { AuthResult, OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { KnownAccount } from './local/types.ts';
import { sendRequest, type HttpDeps, type HttpRequest } from './http.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

/** A token this close to its end is renewed before it is used; of a short-lived one, in its last third. */
const MARGIN_MS = 30_000;

export interface SessionDeps {
  http: HttpDeps;
  tokens: 'cookie' | 'body';
  deviceId?: string;
  store: Store;
  scheduler: Scheduler;
  /** Somebody is signed in, or their profile is another one now. */
  known(): void;
}

/** Who is signed in, and the access token, which is kept in memory only. One refresh is in flight at a time. */
export class Session {
  #deps: SessionDeps;
  #user: OwnUser | undefined;
  #sessionId = '';
  #access: { token: string; endsAt: number; renewFrom: number } | undefined;
  #refreshing: Promise<string> | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get user(): OwnUser | undefined {
    return this.#user;
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  /** Whoever was signed in when the app ran last; whether the session still holds, the first refresh tells. */
  restore(account: KnownAccount): void {
    this.#user = account.user;
    this.#sessionId = account.sessionId;
  }

  setUser(user: OwnUser): void {
    this.#user = user;
    this.#deps.known();
  }

  /** The answer; it is not taken over yet. */
  signIn(path: string, input: object): Promise<unknown> {
    const { tokens, deviceId } = this.#deps;
    return this.open({ method: 'POST', path, body: { ...input, tokens, ...(deviceId === undefined ? {} : { deviceId }) } });
  }

  /** What names no token changes the record of oneself only. */
  async adopt(result: AuthResult | { user: OwnUser }): Promise<void> {
    if ('accessToken' in result) await this.#adopt(result);
    else if (this.#user?.id === result.user.id) this.#user = result.user;
  }

  /** A bot's token is good until somebody ends it: once refused, there is nothing to renew. */
  async useToken(token: string): Promise<void> {
    const user = (await sendRequest(this.#deps.http, { method: 'GET', path: '/v1/users/me', token })) as OwnUser;
    this.#access = { token, endsAt: Number.POSITIVE_INFINITY, renewFrom: Number.POSITIVE_INFINITY };
    this.#user = user;
    this.#sessionId = '';
  }

  /** False: nobody is signed in here. Throws when that cannot be told (no network). */
  async resume(): Promise<boolean> {
    try {
      await this.refresh();
    } catch (error) {
      if (isSignedOut(error)) return false;
      throw error;
    }
    if (this.#user === undefined) this.setUser(await this.call<OwnUser>({ method: 'GET', path: '/v1/users/me' }));
    return true;
  }

  async signOut(): Promise<void> {
    const token = this.#access?.token;
    await this.forget();
    await sendRequest(this.#deps.http, { method: 'POST', path: '/v1/auth/logout', ...(token === undefined ? {} : { token }) });
  }

  async forget(): Promise<void> {
    this.#access = undefined;
    this.#user = undefined;
    await this.#deps.store.saveRefreshToken(undefined);
  }

  /** A token that is good for a while. */
  async accessToken(): Promise<string> {
    const access = this.#access;
    if (access !== undefined && this.#deps.scheduler.now() < access.renewFrom) return access.token;
    return this.refresh();
  }

  refresh(): Promise<string> {
    if (this.#access?.endsAt === Number.POSITIVE_INFINITY) return Promise.reject(new ChatError('unauthenticated'));
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** A REST call as the signed-in user; an expired token is renewed once. */
  async call<T>(request: Omit<HttpRequest, 'token'>): Promise<T> {
    try {
      return (await sendRequest(this.#deps.http, { ...request, token: await this.accessToken() })) as T;
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'token_expired') throw error;
      return (await sendRequest(this.#deps.http, { ...request, token: await this.refresh() })) as T;
    }
  }

  /** A call that nobody needs to be signed in for. */
  async open<T>(request: Omit<HttpRequest, 'token'>): Promise<T> {
    return (await sendRequest(this.#deps.http, request)) as T;
  }

  async #refresh(): Promise<string> {
    const refreshToken = this.#deps.tokens === 'body' ? await this.#deps.store.loadRefreshToken() : undefined;
    if (this.#deps.tokens === 'body' && refreshToken === undefined) throw new ChatError('unauthenticated');
    const body = refreshToken === undefined ? {} : { refreshToken };
    const result = await sendRequest(this.#deps.http, { method: 'POST', path: '/v1/auth/refresh', body });
    return this.#adopt(result as AuthResult);
  }

  async #adopt(result: AuthResult): Promise<string> {
    const lifetimeMs = result.expiresIn * 1_000;
    const endsAt = this.#deps.scheduler.now() + lifetimeMs;
    this.#access = { token: result.accessToken, endsAt, renewFrom: endsAt - Math.min(MARGIN_MS, lifetimeMs / 3) };
    // Another person has signed in with the cookies of this browser since: what is shown here is not theirs.
    if (this.#user !== undefined && result.user !== undefined && result.user.id !== this.#user.id) throw new ChatError('unauthenticated');
    this.#sessionId = result.sessionId ?? this.#sessionId;
    if (result.user) this.setUser(result.user);
    if (result.refreshToken !== undefined) await this.#deps.store.saveRefreshToken(result.refreshToken);
    return result.accessToken;
  }
}

/** The credentials are worth nothing any more; anything else may pass. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ChatError && (error.code === 'unauthenticated' || error.code === 'forbidden' || error.code === 'invalid');
}
