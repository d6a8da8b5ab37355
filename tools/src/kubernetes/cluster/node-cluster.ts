import { copyFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ServiceError } from '../../process.ts';
import { ensureGatewayApi } from '../gateway-api.ts';
import { type BuiltImage, fullName } from '../images/oci.ts';
import { prepareImage } from '../images.ts';
import { installAddons, type Ports } from '../node/addons.ts';
import { ctr } from '../node/commands.ts';
import { importedDigest, importImage } from '../node/import-image.ts';
import { policyObstacle } from '../node/network-policies.ts';
import { installPackages, nodeObstacle } from '../node/preflight.ts';
import { runningPid } from '../node/processes.ts';
import { stateDir } from '../node/settings.ts';
import { startNode } from '../node/start.ts';
import { kubeconfigFile as adminKubeconfig } from '../pki.ts';
import { ensureTool } from '../tools.ts';
import type { Say } from './progress.ts';
import { type ClusterInfo, kubeconfigFile } from './target.ts';

const DEFAULT_FRONT_PORT = 8088;
const DEFAULT_SECURE_PORT = 8443;
const programs = [
  'kube-apiserver',
  'etcd',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'helm',
  'traefik',
  'network-policies',
];

function isInUse(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port });
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** Always the same, so that a bookmark stays good. */
async function choosePort(variable: 'CLUSTER_PORT' | 'CLUSTER_TLS_PORT', usual: number): Promise<number> {
  const given = process.env[variable] || usual;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new ServiceError(`${variable}="${given}" must be a port from 1 to 65535`);
  if (runningPid('traefik') === undefined && (await isInUse(port)))
    throw new ServiceError(
      `port ${port} is in use; stop the program that listens there, or choose another: ${variable}=${port + 100} make cluster`,
    );
  return port;
}

/** Everything that can be missing is found out, and got, before anything starts. Gives the ports of the way in. */
export async function prepareNodeCluster(say: Say): Promise<Ports> {
  const obstacle = nodeObstacle();
  if (obstacle) throw new ServiceError(obstacle);
  const frontPort = await choosePort('CLUSTER_PORT', DEFAULT_FRONT_PORT);
  const securePort = await choosePort('CLUSTER_TLS_PORT', DEFAULT_SECURE_PORT);
  installPackages(say);
  for (const name of programs) await ensureTool(name);
  ensureGatewayApi();
  return { frontPort, securePort };
}

/** A single node on this machine, from source; what runs already stays. Gives where it is reached. */
export async function ensureNodeCluster(ports: Ports, say: Say): Promise<Pick<ClusterInfo, 'frontUrl' | 'secureUrl' | 'policies'>> {
  const images: BuiltImage[] = [];
  for (const name of ['pause', 'coredns', 'metrics-server'] as const) images.push(await prepareImage(name));
  const wasRunning = runningPid('kubelet') !== undefined;
  await startNode({ images: wasRunning ? [] : images.map(({ file }) => file), say });
  copyFileSync(adminKubeconfig(stateDir, 'admin'), kubeconfigFile);
  await installAddons({ ports, say });
  return {
    frontUrl: `http://localhost:${ports.frontPort}`,
    secureUrl: `https://localhost:${ports.securePort}`,
    policies: (await policyObstacle()) ?? 'enforced',
  };
}

/** Older builds of the same image, which nothing runs any more. */
async function removeOthers(image: BuiltImage, keep: number): Promise<void> {
  const repository = fullName(image.name).replace(/:[^:/]*$/, ':');
  const names = (await ctr('images', 'ls', '-q'))
    .split('\n')
    .filter((name) => name.startsWith(repository) && name !== fullName(image.name));
  const old = names.slice(0, Math.max(0, names.length - keep));
  if (old.length > 0) await ctr('images', 'rm', ...old);
}

export async function loadIntoNode(images: BuiltImage[]): Promise<void> {
  for (const image of images) {
    if ((await importedDigest(fullName(image.name))) === image.digest) continue;
    await importImage(image.file);
    await removeOthers(image, 2);
  }
}
