import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import type { Kubernetes } from './_kubernetes.ts';

const LOOK_MS = 500;

/** The API server's way to the pods' admin ports, on a port of this machine. */
async function openProxy({ kubeconfig }: Kubernetes): Promise<{ url: string } & Disposable> {
  const child = spawn(await ensureTool('kubectl'), ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = /127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1];
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void child.kill() };
}

/** As each pod counts them itself; a pod that does not answer has none that we know. */
async function connectionsOf(url: string, { namespace }: Kubernetes, pods: readonly string[]): Promise<number[]> {
  const looks = pods.map(async (pod) => {
    const answer = await fetch(`${url}/api/v1/namespaces/${namespace}/pods/${pod}:9090/proxy/metrics.json`);
    return ((await answer.json()) as { connections: number }).connections;
  });
  return (await Promise.allSettled(looks)).map((look) => (look.status === 'fulfilled' ? look.value : Number.NaN));
}

const isBalanced = (counts: readonly number[], tolerance: number) => {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.every((count) => Math.abs(count - mean) <= mean * tolerance);
};

/** Waits until every pod is within the tolerance of the mean; gives the seconds since `sinceMs` and the numbers, also when it never comes. */
export async function untilBalanced(
  kubernetes: Kubernetes,
  { pods, tolerance, sinceMs, limitMs }: { pods: readonly string[]; tolerance: number; sinceMs: number; limitMs: number },
): Promise<{ isBalanced: boolean; seconds: number; connections: number[] }> {
  using proxy = await openProxy(kubernetes);
  for (;;) {
    const connections = await connectionsOf(proxy.url, kubernetes, pods);
    const elapsedMs = performance.now() - sinceMs;
    const done = isBalanced(connections, tolerance);
    if (done || elapsedMs > limitMs) return { isBalanced: done, seconds: Math.round(elapsedMs / 100) / 10, connections };
    await pause(LOOK_MS);
  }
}
