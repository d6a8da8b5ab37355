import type { Capabilities, Capability } from '../controller/kinds.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { isNotFound } from '../runtime/errors.ts';

/** Which API tells, and which kind of it is needed. */
const sources: Record<Capability, { group: string; version: string; plural: string }> = {
  gatewayApi: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' },
  serviceMonitor: { group: 'monitoring.coreos.com', version: 'v1', plural: 'servicemonitors' },
  prometheusRule: { group: 'monitoring.coreos.com', version: 'v1', plural: 'prometheusrules' },
  cloudNativePG: { group: 'postgresql.cnpg.io', version: 'v1', plural: 'clusters' },
  keda: { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects' },
};

interface GroupList {
  groups: { name: string; versions: { version: string }[] }[];
}
interface ResourceList {
  resources: { name: string }[];
}

/** One request where none of them is installed, one more per group that is. */
export async function discoverCapabilities(client: Pick<KubeClient, 'raw'>, signal?: AbortSignal): Promise<Capabilities> {
  const options = signal ? { signal } : {};
  const { groups } = (await client.raw('/apis', options)) as GroupList;
  const served = new Set<string>();
  const wanted = new Set(Object.values(sources).map(({ group, version }) => `${group}/${version}`));
  const offered = groups.flatMap(({ name, versions }) => versions.map(({ version }) => `${name}/${version}`));
  for (const groupVersion of offered.filter((name) => wanted.has(name))) {
    for (const plural of await listPlurals(client, groupVersion, options)) served.add(`${groupVersion}/${plural}`);
  }
  const has = ({ group, version, plural }: (typeof sources)[Capability]) => served.has(`${group}/${version}/${plural}`);
  return {
    gatewayApi: has(sources.gatewayApi),
    serviceMonitor: has(sources.serviceMonitor),
    prometheusRule: has(sources.prometheusRule),
    cloudNativePG: has(sources.cloudNativePG),
    keda: has(sources.keda),
  };
}

async function listPlurals(client: Pick<KubeClient, 'raw'>, groupVersion: string, options: { signal?: AbortSignal }): Promise<string[]> {
  try {
    const { resources } = (await client.raw(`/apis/${groupVersion}`, options)) as ResourceList;
    return resources.map(({ name }) => name);
  } catch (error) {
    // Its CRD went between the two requests.
    if (isNotFound(error)) return [];
    throw error;
  }
}
