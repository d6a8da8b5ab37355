import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isRunning, type Running } from '../process.ts';

const pollMs = 500;
const sayEveryMs = 15_000;

/** True when this process holds the lock now; the holder's name is in the file from its first moment. */
function take(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(file: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of two that see a dead holder one rename fails; in the worst case both work, which costs time and nothing else. */
function breakStale(file: string): void {
  try {
    renameSync(file, `${file}.stale.${process.pid}`);
    rmSync(`${file}.stale.${process.pid}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** One process of this machine at a time; the lock of a process that died is taken over. */
export async function withFileLock<T>(file: string, { onWait }: { onWait?: (pid: number) => void }, work: () => Promise<T>): Promise<T> {
  let saidAt = -Infinity;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder && !isRunning(holder)) {
      breakStale(file);
      continue;
    }
    if (holder && performance.now() - saidAt > sayEveryMs) {
      onWait?.(holder.pid);
      saidAt = performance.now();
    }
    await delay(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
