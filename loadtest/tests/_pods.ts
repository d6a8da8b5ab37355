import { startPod } from '@chatcluster/tools/bench/pods';
import { createDatabase, redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { parseSettings, type Settings } from '../src/settings.ts';
import type { LocalCluster, Target } from '../src/target.ts';

/** Server processes over a database and a key prefix of their own. */
export async function startPods(
  count: number,
  env: Record<string, string> = {},
): Promise<{ target: Target; cluster: LocalCluster } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const settings = {
    DATABASE_URL: database.url,
    REDIS_URLS: redisUrl(),
    REDIS_PREFIX: uniquePrefix(),
    DATABASE_POOL: '5',
    DRAIN_SECONDS: '1',
    ...env,
  };
  const pods = [];
  for (let i = 0; i < count; i += 1) pods.push(stack.use(await startPod({ POD_ID: `pod-${i}`, ...settings })));
  const owned = stack.move();
  return {
    target: { from: 'test', urls: pods.map(({ port }) => `http://127.0.0.1:${port}`), pods: [] },
    cluster: {
      pods: pods.map(({ pid, port }, i) => ({ id: `pod-${i}`, url: `http://127.0.0.1:${port}`, adminUrl: '', pid, restart: null })),
      frontUrl: '',
      postgres: { url: database.url, pid: null, restart: null },
      redis: null,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function testSettings(env: Record<string, string>): Settings {
  return parseSettings({ USERS: '30', DURATION: '4', RATE: '40', SETTLE: '20', CHANNEL_MEMBERS: '30', ...env }, { cores: 2, seed: 7 });
}

export const silent = { write: () => undefined };
