import { createApp } from '../../server/src/app.ts';
import { parseConfig } from '../../server/src/config.ts';
import { createLog } from '../../server/src/log.ts';
import { createPool } from '../../server/src/store/pool.ts';

export interface TestServer extends AsyncDisposable {
  url: string;
}

/** One real server in this process, on free ports, over the given database; `env` sets more of its settings. */
export async function startTestServer(databaseUrl: string, env: Record<string, string> = {}): Promise<TestServer> {
  const config = parseConfig({ DATABASE_URL: databaseUrl, HOST: '127.0.0.1', RATE_LIMITS: 'off', LOG_LEVEL: 'error', ...env });
  const app = await createApp({ ...config, port: 0, adminPort: 0 }, createLog('error', 'test'), AbortSignal.timeout(20_000));
  return {
    url: `http://127.0.0.1:${app.port}`,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

/** Past the server: the first administrator is whoever runs it. */
export async function makeAdmin(databaseUrl: string, userId: string): Promise<void> {
  const pool = createPool({ databaseUrl, poolSize: 1, log: createLog('error', 'test') });
  try {
    await pool.query('update users set admin = true where id = $1', [userId]);
  } finally {
    await pool.end();
  }
}
