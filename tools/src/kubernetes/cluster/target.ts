import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { localDir } from '../../local/settings.ts';

/** given: KUBECONFIG names it; kind: Docker runs here; node: from source, on this machine. */
export type TargetKind = 'given' | 'kind' | 'node';

/** Kept in `.local/kubernetes.json` for everything that uses the cluster afterwards. */
export interface ClusterInfo {
  kubeconfig: string;
  namespace: string;
  name: string;
  /** Where people and tests reach it; empty when the cluster has no way in that we know. */
  frontUrl: string;
  /** The same over TLS, of a node from source. */
  secureUrl?: string;
  /** 'enforced', or why NetworkPolicies are not; absent where we do not know. */
  policies?: string;
  target: TargetKind;
}

export const KIND_NAME = 'chatcluster';
export const kubeconfigFile = join(localDir, 'kubeconfig');
const infoFile = join(localDir, 'kubernetes.json');

const works = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A KUBECONFIG that this command wrote itself is no decision for another cluster. */
export function chooseTarget(given = process.env.KUBECONFIG): TargetKind {
  if (given && resolve(given) !== kubeconfigFile) return 'given';
  const known = readInfo()?.target;
  if (known === 'node' || known === 'kind') return known;
  return works('kind', 'version') && works('docker', 'info') ? 'kind' : 'node';
}

export function readInfo(): ClusterInfo | undefined {
  return existsSync(infoFile) ? (JSON.parse(readFileSync(infoFile, 'utf8')) as ClusterInfo) : undefined;
}

export function writeInfo(info: ClusterInfo): void {
  mkdirSync(dirname(infoFile), { recursive: true });
  writeFileSync(infoFile, `${JSON.stringify(info, null, 2)}\n`);
}

export const infoFiles = [infoFile, kubeconfigFile];
