import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { localDir } from '../local/settings.ts';
import { runMain, ServiceError } from '../process.ts';
import { applyChatCluster, type Installation, installChart, NAME, NAMESPACE, onCluster, untilReady } from './cluster/install.ts';
import { ensureKindCluster, loadIntoKind } from './cluster/kind-cluster.ts';
import { ensureNodeCluster, loadIntoNode, prepareNodeCluster } from './cluster/node-cluster.ts';
import { createProgress, type Say } from './cluster/progress.ts';
import { givenRegistry, pushImages } from './cluster/registry.ts';
import { type ClusterInfo, chooseTarget, kubeconfigFile, type TargetKind, writeInfo } from './cluster/target.ts';
import { withFileLock } from './file-lock.ts';
import type { BuiltImage } from './images/oci.ts';
import { prepareImage } from './images.ts';

const programsOfOurs = ['server', 'operator', 'postgres', 'redis'] as const;

async function buildImages(say: Say): Promise<BuiltImage[]> {
  const images: BuiltImage[] = [];
  for (const name of programsOfOurs) {
    const image = await prepareImage(name);
    if (image.isNew) say(`image ${image.name} built, ${Math.round(image.bytes / 2 ** 20)} MiB`);
    images.push(image);
  }
  return images;
}

interface Prepared extends Pick<ClusterInfo, 'secureUrl' | 'policies'> {
  /** Of the way in, when the cluster is ours. */
  frontUrl: string;
  images: BuiltImage[];
}

/** Images are built while a node starts, after all that it needs was found. */
async function prepare(target: TargetKind, say: Say): Promise<Prepared> {
  if (target === 'node') {
    const ports = await prepareNodeCluster(say);
    const [node, images] = await Promise.all([ensureNodeCluster(ports, say), buildImages(say)]);
    return { ...node, images };
  }
  if (target === 'kind') ensureKindCluster(say);
  else copyFileSync(process.env.KUBECONFIG ?? '', kubeconfigFile);
  return { frontUrl: '', images: await buildImages(say) };
}

async function loadImages(target: TargetKind, images: BuiltImage[], say: Say): Promise<void> {
  if (target === 'node') return await loadIntoNode(images);
  if (target === 'kind') return loadIntoKind(images);
  const context = (await onCluster(kubeconfigFile, 'kubectl', 'config', 'current-context')).trim();
  const kindName = /^kind-(.+)$/.exec(context)?.[1];
  if (kindName) return loadIntoKind(images, kindName);
  const registry = givenRegistry();
  if (!registry)
    throw new ServiceError(
      `the nodes of ${context} cannot see images of this machine; give a registry that they pull from: IMAGE_REGISTRY=registry.example.com/team make cluster`,
    );
  pushImages(images, registry);
  say(`images pushed to ${registry}`);
}

async function accessOf({ frontUrl, secureUrl }: Prepared): Promise<Installation['access']> {
  // The port is ours and not in the host: pages of that origin have to be named.
  if (frontUrl)
    return {
      host: new URL(frontUrl).hostname,
      allowedOrigins: [frontUrl, ...(secureUrl ? [secureUrl] : [])],
      ingress: { className: 'traefik' },
    };
  const classes = await onCluster(kubeconfigFile, 'kubectl', 'get', 'ingressclasses', '-o', 'name');
  return classes.trim() ? { host: process.env.CLUSTER_HOST || 'chat.localhost', ingress: {} } : undefined;
}

function printResult({ frontUrl, target }: ClusterInfo): void {
  const url = frontUrl || 'this cluster has no ingress controller yet; install one that speaks WebSocket, then run this again';
  const given = target === 'given' ? '' : `  export KUBECONFIG=${kubeconfigFile}\n`;
  process.stdout.write(`\nThe chat is ready: ${url}\n\n${given}  kubectl -n ${NAMESPACE} get chatcluster ${NAME}\n`);
  process.stdout.write(
    `  kubectl -n ${NAMESPACE} scale chatcluster ${NAME} --replicas=3\n  kubectl -n ${NAMESPACE} get pods --watch\n  make cluster-down\n`,
  );
}

async function makeCluster(say: Say): Promise<void> {
  const target = chooseTarget();
  say({ given: 'using the cluster of KUBECONFIG', kind: 'using kind', node: 'a single node on this machine, from source' }[target]);
  const prepared = await prepare(target, say);
  const { frontUrl, images, secureUrl, policies } = prepared;
  await loadImages(target, images, say);
  const tagOf = (image: BuiltImage | undefined) => image?.name.split(':').at(-1) ?? '';
  const versions = { server: tagOf(images[0]), operator: tagOf(images[1]) };
  if (!versions.server || !versions.operator) throw new ServiceError('an image has no tag');
  const access = await accessOf(prepared);
  const registry = target === 'given' ? givenRegistry() : undefined;
  const installation = { kubeconfig: kubeconfigFile, versions, access, registry };
  await installChart(installation);
  say('operator installed');
  await applyChatCluster(installation);
  const info = {
    kubeconfig: kubeconfigFile,
    namespace: NAMESPACE,
    name: NAME,
    frontUrl: frontUrl || (access ? `http://${access.host}` : ''),
    secureUrl,
    policies,
    target,
  };
  writeInfo(info);
  await untilReady(installation, say);
  say('the ChatCluster is Ready');
  printResult(info);
}

async function main(): Promise<void> {
  const say = createProgress();
  mkdirSync(localDir, { recursive: true });
  const onWait = (pid: number) => say(`process ${pid} is making the cluster; waiting`);
  await withFileLock(join(localDir, 'kubernetes.lock'), { onWait }, () => makeCluster(say));
}

if (import.meta.main) runMain(main);
