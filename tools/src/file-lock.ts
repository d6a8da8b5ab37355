import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identify, isRunning, type Running, ServiceError } from './process.ts';

const POLL_MS = 50;

/** A process that is gone, or whose number was given to another one, holds nothing. */
function readHolder(path: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Running;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file appears with its content in one step, so that nobody reads half of it. */
function tryTake(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

/** Takes the lock of a dead process away, unless another one was faster and it is a living one's by now. */
function breakLock(path: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = readHolder(aside);
  if (holder && isRunning(holder)) linkSync(aside, path);
  rmSync(aside);
}

/**
 * Runs `work` while no other process of this machine runs its own under the same path. Waits, blocking this process, for
 * `deadlineMs` at most, then throws a ServiceError. The lock of a killed process is taken over.
 */
export function withFileLock<T>(path: string, work: () => T, deadlineMs = 180_000): T {
  const end = Date.now() + deadlineMs;
  while (!tryTake(path)) {
    const holder = readHolder(path);
    if (holder && !isRunning(holder)) breakLock(path);
    else if (Date.now() > end) throw new ServiceError(`${path} is held by process ${holder?.pid} for too long`);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path);
  }
}
