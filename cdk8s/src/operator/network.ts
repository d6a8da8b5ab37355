import { ADMIN_PORT } from '../manifests/context.ts';
import type { KubernetesObject } from '../types.ts';
import { object, type ResolvedOptions, selectorOf } from './options.ts';

const tcp = (port: number) => ({ protocol: 'TCP', port });
const podsNamed = (name: string) => ({ namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });

/** In: Prometheus, and KEDA which asks for the wanted number of pods. Out: the API server, whose address nobody knows before, DNS, and admin ports of chat pods. */
export function operatorNetworkPolicy(options: ResolvedOptions): KubernetesObject {
  const spec = {
    podSelector: { matchLabels: selectorOf(options) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [podsNamed('prometheus'), podsNamed('keda-operator')], ports: [tcp(ADMIN_PORT)] }],
    egress: [
      { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] },
      { ports: [tcp(443), tcp(6443)] },
      { to: [podsNamed('chatcluster')], ports: [tcp(ADMIN_PORT)] },
    ],
  };
  return object(options, 'networking.k8s.io/v1/NetworkPolicy', { spec });
}

export function operatorServiceMonitor(options: ResolvedOptions): KubernetesObject {
  // Its metrics name the namespace of a ChatCluster, which Prometheus would otherwise rename in favour of the operator's own.
  const endpoints = [{ port: 'admin', path: '/metrics', interval: '30s', honorLabels: true }];
  const spec = { selector: { matchLabels: selectorOf(options) }, endpoints };
  return object(options, 'monitoring.coreos.com/v1/ServiceMonitor', { spec });
}
