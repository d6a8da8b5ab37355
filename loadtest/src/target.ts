import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadError } from './rest.ts';
import type { Env } from './settings.ts';

/** Something that `make up` runs: a pid, and the command that brings it back. */
export interface LocalPart {
  url: string;
  pid: number | null;
  restart: string | null;
}

export interface LocalPod extends LocalPart {
  id: string;
  adminUrl: string;
}

/** `.local/cluster.json`. */
export interface LocalCluster {
  pods: LocalPod[];
  frontUrl: string;
  postgres: LocalPart;
  redis: LocalPart | null;
}

/** `.local/kubernetes.json`. */
export interface KubernetesCluster {
  kubeconfig: string;
  namespace: string;
  name: string;
  frontUrl: string;
}

export interface Target {
  /** For the line that says where the addresses come from. */
  from: string;
  urls: string[];
  /** Admin addresses that can be asked directly. */
  pods: { id: string; adminUrl: string; pid: number | null }[];
  local?: { file: string; cluster: LocalCluster };
  kubernetes?: KubernetesCluster;
}

const parseUrls = (text = '') =>
  text
    .split(',')
    .filter((url) => url.trim() !== '')
    .map((url) => url.trim().replace(/\/+$/, ''));

function readJson<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

export const readCluster = (file: string) => readJson<LocalCluster>(file);

/** URL or URLS wins; then what `make up` wrote; then what `make cluster` wrote. */
export function findTarget(env: Env, localDir: string, via: 'front' | 'pods'): Target {
  const given = parseUrls(env.URLS || env.URL);
  if (given.length > 0) {
    const pods = parseUrls(env.ADMIN_URL).map((adminUrl, i) => ({ id: `pod-${i}`, adminUrl, pid: null }));
    return { from: 'URL', urls: given, pods };
  }
  const file = join(localDir, 'cluster.json');
  const cluster = readCluster(file);
  if (cluster) {
    const urls = via === 'pods' ? cluster.pods.map(({ url }) => url) : [cluster.frontUrl];
    return { from: 'make up', urls, pods: cluster.pods, local: { file, cluster } };
  }
  const kubernetes = readJson<KubernetesCluster>(join(localDir, 'kubernetes.json'));
  if (kubernetes?.frontUrl) return { from: 'make cluster', urls: [kubernetes.frontUrl], pods: [], kubernetes };
  throw new LoadError('nothing to load: start "RATE_LIMITS=off make up PODS=3" or "make cluster", or give URL=https://chat.example.com');
}
