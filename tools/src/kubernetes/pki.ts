import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, type Certificate, createAuthority, createSigningKey } from './certificate.ts';

export interface PkiOptions {
  dir: string;
  /** Where clients find the API server. */
  url: string;
  /** What the API server's certificate is good for, beside loopback and the names inside the cluster. */
  addresses: string[];
  /** The one node, when there is one. */
  node?: { name: string; address: string };
}

/** Who may talk to the API server; the names and groups are those that its bootstrap roles know. */
const users = {
  admin: { commonName: 'admin', organization: 'system:masters' },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-scheduler': { commonName: 'system:kube-scheduler' },
  'kube-proxy': { commonName: 'system:kube-proxy' },
} as const;

const inClusterNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];

export const pkiFile = (dir: string, name: string) => join(dir, 'pki', name);
export const kubeconfigFile = (dir: string, user: string) => join(dir, `${user}.kubeconfig`);

const base64 = (text: string) => Buffer.from(text).toString('base64');

function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
}

function writeCertificate(dir: string, name: string, { cert, key }: Certificate): void {
  writeFileSync(pkiFile(dir, `${name}.crt`), cert);
  writeSecret(pkiFile(dir, `${name}.key`), key);
}

function writeKubeconfig(dir: string, user: string, { url, ca, client }: { url: string; ca: string; client: Certificate }): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'chatcluster',
    clusters: [{ name: 'chatcluster', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) } }],
    contexts: [{ name: 'chatcluster', context: { cluster: 'chatcluster', user, namespace: 'default' } }],
  };
  writeSecret(kubeconfigFile(dir, user), `${JSON.stringify(config, null, 2)}\n`);
}

function writeServers(ca: Authority, { dir, addresses, node }: PkiOptions): void {
  const names = { dnsNames: ['localhost', ...inClusterNames], ipAddresses: ['127.0.0.1', ...addresses] };
  writeCertificate(dir, 'apiserver', ca.issue({ commonName: 'kube-apiserver', usage: 'server', ...names }));
  const kubeletClient = { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters', usage: 'client' } as const;
  writeCertificate(dir, 'apiserver-kubelet', ca.issue(kubeletClient));
  if (!node) return;
  const kubelet = { dnsNames: [node.name, 'localhost'], ipAddresses: [node.address, '127.0.0.1'] };
  writeCertificate(dir, 'kubelet-server', ca.issue({ commonName: `system:node:${node.name}`, usage: 'server', ...kubelet }));
}

/** Certificates and kubeconfigs of a new cluster; those of an existing one stay, because tokens and clients depend on them. */
export function ensurePki(options: PkiOptions): void {
  const { dir, url, node } = options;
  const doneFile = pkiFile(dir, 'complete');
  if (existsSync(doneFile)) return;
  mkdirSync(join(dir, 'pki'), { recursive: true, mode: 0o700 });
  const ca = createAuthority('chatcluster-ca');
  writeCertificate(dir, 'ca', ca);
  const front = createAuthority('chatcluster-front-proxy-ca');
  writeFileSync(pkiFile(dir, 'front-ca.crt'), front.cert);
  writeCertificate(dir, 'front-proxy', front.issue({ commonName: 'front-proxy-client', usage: 'client' }));
  const tokens = createSigningKey();
  writeSecret(pkiFile(dir, 'service-account.key'), tokens.privateKey);
  writeFileSync(pkiFile(dir, 'service-account.pub'), tokens.publicKey);
  writeServers(ca, options);
  const kubelet = node ? { kubelet: { commonName: `system:node:${node.name}`, organization: 'system:nodes' } } : {};
  for (const [user, subject] of Object.entries({ ...users, ...kubelet })) {
    const client = ca.issue({ ...subject, usage: 'client' });
    if (user === 'admin') writeCertificate(dir, 'admin', client);
    writeKubeconfig(dir, user, { url, ca: ca.cert, client });
  }
  writeFileSync(doneFile, '');
}
