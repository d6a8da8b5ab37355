import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureGatewayApi } from '../gateway-api.ts';
import { kubeconfigFile } from '../pki.ts';
import { untilReady } from '../control-plane-start.ts';
import { ensureTool } from '../tools.ts';
import { kubectl } from './commands.ts';
import { enforcePolicies } from './network-policies.ts';
import { launch } from './processes.ts';
import { inState, stateDir } from './settings.ts';

const manifests = ['storage', 'coredns', 'metrics-server', 'traefik'];
const manifest = (name: string) => join(import.meta.dirname, 'manifests', `${name}.yaml`);
const apply = (...files: string[]) => kubectl('apply', '--server-side', '--force-conflicts', ...files.flatMap((file) => ['-f', file]));

/** Where the way in answers, on loopback. */
export interface Ports {
  frontPort: number;
  securePort: number;
}

/** The definitions of routes, and the classes that Traefik answers to. */
async function installRouteKinds(): Promise<void> {
  await apply(ensureGatewayApi());
  const kinds = ['gatewayclasses', 'gateways', 'httproutes'].map((plural) => `crd/${plural}.gateway.networking.k8s.io`);
  await kubectl('wait', '--for=condition=Established', '--timeout=60s', ...kinds);
  await apply(manifest('traefik'));
}

/** On the host, with a kubeconfig: one image less, and it answers on loopback. */
async function startTraefik({ frontPort, securePort }: Ports): Promise<void> {
  const args = [
    `--entryPoints.web.address=127.0.0.1:${frontPort}`,
    // Every route answers there too; which certificate is shown is decided by Secrets.
    `--entryPoints.websecure.address=127.0.0.1:${securePort}`,
    '--entryPoints.websecure.http.tls=true',
    '--providers.kubernetesIngress=true',
    '--providers.kubernetesIngress.ingressClass=traefik',
    '--providers.kubernetesIngress.ingressEndpoint.ip=127.0.0.1',
    '--providers.kubernetesGateway=true',
    '--providers.kubernetesGateway.statusAddress.ip=127.0.0.1',
    '--providers.providersThrottleDuration=200ms',
    // A chat connection lives for hours.
    '--entryPoints.web.transport.respondingTimeouts.idleTimeout=1h',
    '--entryPoints.websecure.transport.respondingTimeouts.idleTimeout=1h',
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
    '--log.level=INFO',
  ];
  const started = launch('traefik', await ensureTool('traefik'), args, { KUBECONFIG: kubeconfigFile(stateDir, 'admin') });
  const answers = () =>
    fetch(`http://127.0.0.1:${frontPort}/`).then(
      () => true,
      () => false,
    );
  await untilReady('traefik', started, answers);
}

/** What has to be applied, and whether it was: a second run of `make cluster` asks the API server nothing. */
function manifestsHash(): string {
  const hash = createHash('sha256').update(ensureGatewayApi());
  for (const name of manifests) hash.update(readFileSync(manifest(name)));
  return hash.digest('hex');
}

async function applyManifests(say: (text: string) => void): Promise<void> {
  const stamp = inState('addons.applied');
  const hash = manifestsHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await apply(...manifests.filter((name) => name !== 'traefik').map(manifest));
  await installRouteKinds();
  await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=120s');
  say('names resolve (CoreDNS)');
  writeFileSync(stamp, hash);
}

/** Storage, names, figures, policies and routes: what a cluster has beyond Kubernetes itself. */
export async function installAddons({ ports, say }: { ports: Ports; say: (text: string) => void }): Promise<void> {
  launch('volumes', process.execPath, [join(import.meta.dirname, 'volumes.ts'), inState('volumes')]);
  await enforcePolicies(say);
  await applyManifests(say);
  await startTraefik(ports);
  say(`Traefik answers on http://127.0.0.1:${ports.frontPort} and https://127.0.0.1:${ports.securePort}`);
}
