import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import pg from 'pg';
import { pino } from 'pino';
import { createDatabase } from '@chatcluster/tools/testing';
import type { User } from '@chatcluster/protocol';
import type { RevokedEvent } from '../../auth/accounts.ts';
import { createAuth, type AuthDeps } from '../../auth/auth.ts';
import { parseConfig } from '../../config.ts';
import { createJobRunner } from '../../jobs/runner.ts';
import { openMail } from '../../lifecycle/open-mail.ts';
import { createAccountRouters } from './account-routers.ts';
import { createHttpApp } from './app.ts';

export interface TestAppOptions extends Partial<Pick<AuthDeps, 'now' | 'redis' | 'keys'>> {
  env?: Record<string, string>;
}

/** The account routes on a real port over a database of its own; for tests. */
export async function createTestApp({ env = {}, ...options }: TestAppOptions = {}) {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const db = stack.adopt(new pg.Pool({ connectionString: database.url, max: 5 }), (pool) => pool.end());
  db.on('error', () => undefined);
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) }));
  const config = parseConfig({ DATABASE_URL: database.url, ...env });
  const revoked: RevokedEvent[] = [];
  const profiles: User[] = [];
  const auth = stack.use(
    await createAuth({
      db,
      log,
      config,
      ...options,
      passwords: { cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } },
      onRevoked: (event) => void revoked.push(event),
      onRevokedElsewhere: (event) => void revoked.push(event),
    }),
  );
  const jobs = stack.use(createJobRunner({ db, log, pollMs: 20, backoffMs: 50, stopMs: 10_000 }));
  openMail(config, { db, jobs });
  const { routers } = createAccountRouters({
    auth,
    db,
    read: (work) => work(db),
    log,
    config,
    onProfileChanged: (user) => void profiles.push(user),
  });
  const server = createServer(createHttpApp({ config, log, isAllowedOrigin: auth.isAllowedOrigin, routers }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    db,
    auth,
    lines,
    revoked,
    profiles,
    config,
    call: createCaller(origin),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  cookies: Record<string, string>;
}

export interface CallOptions {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: string | Uint8Array<ArrayBuffer>;
}

function createCaller(origin: string) {
  return async (method: string, path: string, { token, headers = {}, body, raw }: CallOptions = {}): Promise<Reply> => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const res = await fetch(origin + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: sent,
    });
    const text = await res.text();
    const isJson = /json/.test(res.headers.get('content-type') ?? '');
    const cookies = Object.fromEntries(res.headers.getSetCookie().map((c) => [c.slice(0, c.indexOf('=')), c]));
    return { status: res.status, headers: res.headers, body: isJson ? JSON.parse(text) : { text }, cookies };
  };
}

let counter = 0;

/** Registers somebody and gives the tokens in the body. */
export async function registerUser(call: ReturnType<typeof createCaller>, displayName = 'Ada Lovelace') {
  const email = `person${++counter}@example.org`;
  const reply = await call('POST', '/v1/auth/register', { body: { email, password: 'correct horse', displayName, tokens: 'body' } });
  if (reply.status !== 201) throw new Error(`register answered ${reply.status}`);
  const { accessToken, refreshToken, sessionId, user } = reply.body as unknown as {
    accessToken: string;
    refreshToken: string;
    sessionId: string;
    user: { id: string };
  };
  return { email, password: 'correct horse', accessToken, refreshToken, sessionId, userId: user.id };
}
