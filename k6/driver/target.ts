import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, parseUrls } from '../lib/settings.ts';

export interface KubernetesTarget {
  kubeconfig: string;
  namespace: string;
  name: string;
  /** Of `make cluster`: node, kind or given. */
  target?: string;
}

/** What the load goes to. */
export interface Target {
  /** For the line that says where the address comes from. */
  from: string;
  urls: string[];
  /** Pods that can be reached one by one; the scaling scenario then uses the first 1, 2, 3 … of them. */
  pods: { url: string; adminUrl?: string }[];
  kubernetes?: KubernetesTarget;
}

/** A mistake of the caller or a missing installation: shown as one line. */
export class TargetError extends Error {
  override name = 'TargetError';
}

function read(file: string): Record<string, unknown> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : undefined;
}

/** URL wins; then what `make up` wrote, unless a Job is wanted; then what `make cluster` wrote. */
export function findTarget(env: Env, localDir: string): Target {
  if (env.URL) {
    const urls = parseUrls(env.URL);
    const admin = parseUrls(env.ADMIN_URL);
    return { from: 'URL', urls, pods: urls.map((url, i) => ({ url, adminUrl: admin[i] })) };
  }
  const clusterFile = join(localDir, 'cluster.json');
  const cluster = read(clusterFile) as { frontUrl: string; pods: { url: string; adminUrl: string }[] } | undefined;
  if (cluster && !env.JOB)
    return { from: 'make up', urls: [cluster.frontUrl], pods: cluster.pods.map(({ url, adminUrl }) => ({ url, adminUrl })) };
  const kubernetes = read(join(localDir, 'kubernetes.json')) as (KubernetesTarget & { frontUrl: string }) | undefined;
  if (kubernetes) {
    const { frontUrl, ...rest } = kubernetes;
    return { from: 'make cluster', urls: frontUrl ? [frontUrl] : [], pods: [], kubernetes: rest };
  }
  throw new TargetError('nothing to load: start "RATE_LIMITS=off make up PODS=3" or "make cluster", or give URL=https://chat.example.com');
}
