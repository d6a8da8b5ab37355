import { join } from 'node:path';
import { kubeconfigFile, pkiFile } from './pki.ts';

export const SERVICE_CIDR = '10.96.0.0/16';
export const API_SERVICE_IP = '10.96.0.1';

export interface ControlPlanePorts {
  etcd: number;
  etcdPeer: number;
  api: number;
  controllerManager: number;
  scheduler: number;
}

export interface ControlPlaneSettings {
  dir: string;
  /** Where the API server listens. */
  address: string;
  ports: ControlPlanePorts;
  /** Without a controller-manager nobody makes the `default` ServiceAccounts that pods are refused without. */
  serviceAccounts: boolean;
}

/** One line per request, without bodies; the API server's talk with itself is left out. */
export const auditPolicy = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', users: ['system:apiserver'] }, { level: 'Metadata' }],
});

const flags = (values: Record<string, string | number | boolean>) => Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** Durability against a power cut is not needed here, and fsync is most of etcd's time. */
export function etcdArgs({ dir, ports }: ControlPlaneSettings): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return flags({
    name: 'local',
    'data-dir': join(dir, 'etcd'),
    'unsafe-no-fsync': true,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `local=${peer}`,
    'log-level': 'warn',
  });
}

export function apiServerArgs({ dir, address, ports, serviceAccounts }: ControlPlaneSettings): string[] {
  const pki = (name: string) => pkiFile(dir, name);
  return flags({
    'etcd-servers': `http://127.0.0.1:${ports.etcd}`,
    'bind-address': address,
    'secure-port': ports.api,
    // The Endpoints of the service `kubernetes` must not be a loopback address.
    ...(address === '127.0.0.1' ? { 'endpoint-reconciler-type': 'none' } : { 'advertise-address': address }),
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'client-ca-file': pki('ca.crt'),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': pki('service-account.pub'),
    'service-account-signing-key-file': pki('service-account.key'),
    'service-cluster-ip-range': SERVICE_CIDR,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction,PodSecurity',
    ...(serviceAccounts ? {} : { 'disable-admission-plugins': 'ServiceAccount' }),
    'allow-privileged': true,
    'kubelet-certificate-authority': pki('ca.crt'),
    'kubelet-client-certificate': pki('apiserver-kubelet.crt'),
    'kubelet-client-key': pki('apiserver-kubelet.key'),
    // Else exec, logs and port-forward look the node's name up in DNS.
    'kubelet-preferred-address-types': 'InternalIP',
    'requestheader-client-ca-file': pki('front-ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': pki('front-proxy.crt'),
    'proxy-client-key-file': pki('front-proxy.key'),
    'enable-aggregator-routing': true,
    'audit-policy-file': join(dir, 'audit-policy.json'),
    'audit-log-path': join(dir, 'audit.log'),
    'audit-log-maxsize': 100,
    'audit-log-maxbackup': 1,
    profiling: false,
    'event-ttl': '1h',
  });
}

const asUser = (dir: string, user: string) => ({
  kubeconfig: kubeconfigFile(dir, user),
  'authentication-kubeconfig': kubeconfigFile(dir, user),
  'authorization-kubeconfig': kubeconfigFile(dir, user),
  'bind-address': '127.0.0.1',
  'leader-elect': false,
  // The default of 20 costs five seconds at the first start.
  'kube-api-qps': 500,
  'kube-api-burst': 1_000,
});

export function controllerManagerArgs({ dir, ports }: ControlPlaneSettings): string[] {
  return flags({
    ...asUser(dir, 'kube-controller-manager'),
    'secure-port': ports.controllerManager,
    'use-service-account-credentials': true,
    'service-account-private-key-file': pkiFile(dir, 'service-account.key'),
    'root-ca-file': pkiFile(dir, 'ca.crt'),
    'cluster-signing-cert-file': pkiFile(dir, 'ca.crt'),
    'cluster-signing-key-file': pkiFile(dir, 'ca.key'),
    'service-cluster-ip-range': SERVICE_CIDR,
    'horizontal-pod-autoscaler-sync-period': '5s',
    'node-monitor-period': '2s',
    'node-monitor-grace-period': '20s',
  });
}

export function schedulerArgs({ dir, ports }: ControlPlaneSettings): string[] {
  return flags({ ...asUser(dir, 'kube-scheduler'), 'secure-port': ports.scheduler });
}
