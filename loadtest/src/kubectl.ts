import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import type { KubernetesCluster } from './target.ts';

const run = promisify(execFile);
const LONGEST_ANSWER = 2 ** 24;

export type Kubectl = (...args: string[]) => Promise<string>;

export const kubectlProgram = (): Promise<string> => ensureTool('kubectl');

/** Runs kubectl in the namespace of the cluster and gives what it prints. */
export function createKubectl({ kubeconfig, namespace }: KubernetesCluster): Kubectl {
  return async (...args) => {
    const options = ['--kubeconfig', kubeconfig, '--namespace', namespace];
    return (await run(await kubectlProgram(), [...options, ...args], { maxBuffer: LONGEST_ANSWER })).stdout.trim();
  };
}
