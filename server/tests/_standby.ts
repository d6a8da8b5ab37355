import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, startStandby } from '@chatcluster/tools/services';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { createDependency, type Dependency } from './_cluster.ts';

export interface Pair extends AsyncDisposable {
  readonly primary: Dependency;
  /** Cancels at once whatever is in the way of replay. */
  readonly standby: Dependency;
  /** From now on the standby shows what it has. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** A primary whose commits are on disk when they are answered, and a standby that streams from it. */
export async function startPair(): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'chat-pair-'));
  chmodSync(dir, 0o755);
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const primaryDir = join(dir, 'primary');
  const standbyDir = join(dir, 'standby');
  const primary = await createDependency(stack, (port) => startPostgres({ dataDir: primaryDir, port, durable: true }));
  const options = { dataDir: standbyDir, durable: true, settings: { max_standby_streaming_delay: '0' } };
  const standby = await createDependency(stack, (port) =>
    existsSync(standbyDir)
      ? startPostgres({ ...options, port })
      : startStandby({ ...options, port, primary: { url: primary.url, dataDir: primaryDir } }),
  );
  // Also these statements are in the way of replay now and then, and cancelled.
  const control = (what: 'pause' | 'resume') =>
    eventually(() => runSql(standby.url, `select pg_wal_replay_${what}()`), { deadlineMs: 10_000, message: `replay did not ${what}` });
  const owned = stack.move();
  return {
    primary,
    standby,
    pause: async () => void (await control('pause')),
    resume: async () => void (await control('resume')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
