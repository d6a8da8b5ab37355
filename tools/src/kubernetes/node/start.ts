import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { freePort, poll, ServiceError, tail } from '../../process.ts';
import { API_SERVICE_IP, type ControlPlanePorts, type ControlPlaneSettings } from '../control-plane-args.ts';
import { startApiServer, startControllers, untilReady } from '../control-plane-start.ts';
import { ensurePki, kubeconfigFile } from '../pki.ts';
import { ensureTool } from '../tools.ts';
import { attempt, kubectl } from './commands.ts';
import { cniConfig, containerdConfig, kubeletConfig, kubeProxyConfig } from './configs.ts';
import { importImage } from './import-image.ts';
import { prepareKernel } from './kernel-settings.ts';
import { addNodeAddress } from './links.ts';
import { chooseSnapshotter, nodeObstacle } from './preflight.ts';
import { takeMachine } from './machine-owner.ts';
import { launch, logFile, runningPid } from './processes.ts';
import { API_PORT, inState, NODE_ADDRESS, NODE_NAME, socketFile, stateDir } from './settings.ts';

const nodeDeadlineMs = 120_000;
const url = `https://${NODE_ADDRESS}:${API_PORT}`;

function writeJson(file: string, value: unknown): void {
  writeFileSync(inState(file), `${JSON.stringify(value, null, 2)}\n`);
}

function writeConfigs(): void {
  for (const dir of ['containerd', 'cni/net.d', 'kubelet', 'volume-plugins']) mkdirSync(inState(dir), { recursive: true });
  writeFileSync(inState('containerd', 'config.toml'), containerdConfig(chooseSnapshotter()));
  writeJson('cni/net.d/10-chatcluster.conflist', cniConfig());
  writeJson('kubelet.json', kubeletConfig());
  writeJson('kube-proxy.json', kubeProxyConfig());
  const servers = readFileSync('/etc/resolv.conf', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('nameserver'));
  writeFileSync(inState('resolv.conf'), `${servers.join('\n')}\n`);
}

async function startContainerd(): Promise<void> {
  const started = launch('containerd', 'containerd', ['--config', inState('containerd', 'config.toml')]);
  await untilReady('containerd', started, async () => attempt('ctr', '-a', socketFile(), 'version').includes('Server:'));
}

/** Chosen once: the parts of a running control plane know each other by them. */
async function ports(): Promise<ControlPlanePorts> {
  const file = inState('ports.json');
  if (runningPid('etcd') !== undefined) return JSON.parse(readFileSync(file, 'utf8')) as ControlPlanePorts;
  const first = await freePort(4);
  const chosen = { etcd: first, etcdPeer: first + 1, api: API_PORT, controllerManager: first + 2, scheduler: first + 3 };
  writeJson('ports.json', chosen);
  return chosen;
}

async function startKubelet(): Promise<void> {
  launch('kubelet', await ensureTool('kubelet'), [
    `--config=${inState('kubelet.json')}`,
    `--kubeconfig=${kubeconfigFile(stateDir, 'kubelet')}`,
    `--root-dir=${inState('kubelet')}`,
    `--cert-dir=${inState('kubelet', 'pki')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ]);
  launch('kube-proxy', await ensureTool('kube-proxy'), [`--config=${inState('kube-proxy.json')}`]);
}

async function untilNodeReady(): Promise<void> {
  const isReady = async () => {
    for (const name of ['kubelet', 'kube-proxy'])
      if (runningPid(name) === undefined) throw new ServiceError(`${name} ended while starting:\n${tail(logFile(name))}`);
    const answer = await kubectl('get', 'nodes', '-o', 'jsonpath={range .items[*].status.conditions[?(@.type=="Ready")]}{.status}{end}');
    return answer === 'True';
  };
  await poll(isReady, nodeDeadlineMs, () => `the node did not become Ready:\n${tail(logFile('kubelet'))}`);
}

/** containerd, the control plane, kubelet and kube-proxy; what runs already stays as it is. */
export async function startNode({ images, say }: { images: string[]; say: (text: string) => void }): Promise<void> {
  const obstacle = nodeObstacle();
  if (obstacle) throw new ServiceError(obstacle);
  takeMachine(say);
  prepareKernel();
  await addNodeAddress();
  ensurePki({ dir: stateDir, url, addresses: [API_SERVICE_IP, NODE_ADDRESS], node: { name: NODE_NAME, address: NODE_ADDRESS } });
  writeConfigs();
  await startContainerd();
  const settings: ControlPlaneSettings = { dir: stateDir, address: NODE_ADDRESS, ports: await ports(), serviceAccounts: true };
  await startApiServer(settings, launch);
  say('control plane answers');
  await Promise.all([startControllers(settings, launch), ...images.map((file) => importImage(file))]);
  await startKubelet();
  await untilNodeReady();
  say('node is Ready');
}
