import { existsSync, rmSync } from 'node:fs';
import { runMain, ServiceError } from '../process.ts';
import { NAME, NAMESPACE, onCluster, OPERATOR_NAMESPACE, RELEASE } from './cluster/install.ts';
import { removeKindCluster } from './cluster/kind-cluster.ts';
import { createProgress } from './cluster/progress.ts';
import { infoFiles, kubeconfigFile, readInfo } from './cluster/target.ts';
import { stateDir } from './node/settings.ts';
import { remains, stopNode } from './node/stop.ts';

/** In a cluster that is not ours only what we installed goes: the chat with its data, then the operator. */
async function uninstall(): Promise<void> {
  await onCluster(kubeconfigFile, 'kubectl', '-n', NAMESPACE, 'delete', 'chatcluster', NAME, '--ignore-not-found', '--timeout=120s');
  await onCluster(kubeconfigFile, 'helm', 'uninstall', RELEASE, '-n', OPERATOR_NAMESPACE, '--ignore-not-found');
  // Ends when all in them is gone, unlike the --wait of Helm 4, which may miss that (helm/helm#31766).
  await onCluster(kubeconfigFile, 'kubectl', 'delete', 'namespace', NAMESPACE, OPERATOR_NAMESPACE, '--ignore-not-found', '--timeout=120s');
}

async function removeNode(): Promise<void> {
  if (process.getuid?.() !== 0) throw new ServiceError('the node was started by root; run: sudo make cluster-down');
  await stopNode();
  const left = Object.entries(remains()).filter(([, found]) => found.length > 0);
  if (left.length > 0)
    throw new ServiceError(`something is left: ${left.map(([what, found]) => `${what} (${found.join(', ')})`).join('; ')}`);
}

async function main(): Promise<void> {
  const say = createProgress();
  const target = readInfo()?.target;
  if (target === 'given') await uninstall();
  if (target === 'kind') removeKindCluster();
  // Also after a start that failed before it could write what it was.
  const hadNode = existsSync(stateDir);
  if (hadNode) await removeNode();
  for (const file of infoFiles) rmSync(file, { force: true });
  say(target || hadNode ? 'the cluster is gone; images and tools are kept for the next time' : 'there is no cluster');
}

if (import.meta.main) runMain(main);
