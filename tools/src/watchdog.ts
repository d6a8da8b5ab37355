import { childrenOf, commandLine, identify, isRunning, type Running } from './process.ts';

export interface Bounds {
  /** Longest life of the runner itself. */
  runnerMs: number;
  /** Longest life of what it starts: a test file each. */
  fileMs: number;
}

const treeOf = (pid: number): Running[] => [identify(pid), ...childrenOf(pid).flatMap(treeOf)];

function end(pid: number, why: string, say: (text: string) => void): void {
  say(`${why}, and is ended: ${commandLine(pid)} (pid ${pid})`);
  for (const running of treeOf(pid)) if (isRunning(running)) process.kill(running.pid, 'SIGKILL');
}

/**
 * Ends with SIGKILL what outlives its bound. The runner's own limit sends SIGTERM, which a process that hangs in native code
 * (in Node's clean-up at its exit, for one) never hears; without counts nobody would ever learn which file it was.
 */
export function watchRunner(pid: number, { runnerMs, fileMs }: Bounds, say: (text: string) => void): Disposable {
  const startedAt = performance.now();
  const firstSeen = new Map<string, number>();
  const look = () => {
    const now = performance.now();
    if (now - startedAt > runnerMs) end(pid, 'the suite lasts for too long', say);
    for (const file of childrenOf(pid)) {
      const { birth } = identify(file);
      const since = firstSeen.get(`${file} ${birth}`) ?? now;
      firstSeen.set(`${file} ${birth}`, since);
      if (now - since > fileMs) end(file, 'hangs', say);
    }
  };
  const timer = setInterval(look, Math.min(5_000, fileMs / 2));
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
