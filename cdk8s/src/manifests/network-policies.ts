import type { KubernetesObject, OwnerReference } from '../types.ts';
import { type BackupPlace, backupPlace } from './backup.ts';
import {
  ADMIN_PORT,
  type Component,
  type Context,
  HTTP_PORT,
  object,
  POSTGRES_PORT,
  REDIS_PORT,
  type Role,
  roles,
  selectorOf,
} from './context.ts';

const SMTP_PORTS = [465, 587];
const tcp = (port: number) => ({ protocol: 'TCP', port });
const anyNamespace = { namespaceSelector: {} };
const podsNamed = (name: string) => ({ ...anyNamespace, podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });

const dns = { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] };

/** Everything but the networks of clusters and companies: a webhook must not reach what is inside. */
const publicWeb = {
  to: [
    {
      ipBlock: {
        cidr: '0.0.0.0/0',
        except: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
      },
    },
    { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] } },
  ],
  ports: [tcp(443)],
};

function toPods(context: Context, component: 'postgres' | 'redis', port: number): object {
  return { to: [{ podSelector: { matchLabels: selectorOf(context, component) } }], ports: [tcp(port)] };
}

/** A policy knows addresses and not names; where a server of the user sits is not known, so its port is opened to all. */
function databaseEgress(context: Context): object {
  const { facts, cluster, n } = context;
  const { database } = cluster.spec;
  if (database.evaluation) return toPods(context, 'postgres', POSTGRES_PORT);
  if (database.cloudNativePG)
    return { to: [{ podSelector: { matchLabels: { 'cnpg.io/cluster': n.postgres } } }], ports: [tcp(POSTGRES_PORT)] };
  return { ports: (facts.externalPorts?.database ?? [POSTGRES_PORT]).map(tcp) };
}

function redisEgress(context: Context): object {
  const { facts, cluster } = context;
  if (cluster.spec.redis.managed) return toPods(context, 'redis', REDIS_PORT);
  return { ports: (facts.externalPorts?.redis ?? [REDIS_PORT]).map(tcp) };
}

function policy(context: Context, component: Component, { ingress, egress }: { ingress: object[]; egress: object[] }): KubernetesObject {
  const spec = { podSelector: { matchLabels: selectorOf(context, component) }, policyTypes: ['Ingress', 'Egress'], ingress, egress };
  return object(context, ['networking.k8s.io/v1/NetworkPolicy', `${context.cluster.name}-${component}`], { spec }, { component });
}

type Peers = NonNullable<Context['cluster']['spec']['networkPolicy']['metricsFrom']>;

/** Without selectors a peer is every pod of the own namespace, which Kubernetes wants to be said. */
function peersOf(peers: Peers): object[] {
  return peers.map((peer) => (peer.namespaceSelector || peer.podSelector ? peer : { podSelector: {} }));
}

function serverIngress({ cluster: { spec } }: Context, role: Role): object[] {
  const { ingressFrom, metricsFrom } = spec.networkPolicy;
  const monitors = metricsFrom ? peersOf(metricsFrom) : [podsNamed('prometheus')];
  const admin = { from: [podsNamed('chatcluster-operator'), ...monitors], ports: [tcp(ADMIN_PORT)] };
  if (role === 'worker') return [admin];
  return [{ ...(ingressFrom && { from: peersOf(ingressFrom) }), ports: [tcp(HTTP_PORT)] }, admin];
}

/** What the schema lets through may still be no address; then whoever uses it says so. */
function portOf(address: string): number {
  const port = URL.canParse(address) ? Number(new URL(address).port) : 0;
  return port || (address.startsWith('https:') ? 443 : 80);
}

/** Ports of servers that the spec names. They may sit inside, where a company keeps its own, so they are open to all as well. */
function configuredPorts({ cluster: { spec }, facts }: Context): number[] {
  const { auth, files, mail } = spec;
  const addresses = [...auth.providers.map(({ issuer }) => issuer), files?.s3?.endpoint].filter((address) => address !== undefined);
  const mailPorts = mail ? (facts.externalPorts?.mail ?? SMTP_PORTS) : [];
  return [...new Set([...addresses.map(portOf), ...mailPorts])].sort((a, b) => a - b);
}

/** Workers call push services, webhooks and identity providers; api pods do where people sign in elsewhere or files lie in a bucket. */
function outgoing(context: Context, role: Role): object[] {
  if (role === 'realtime') return [];
  const { auth, files } = context.cluster.spec;
  const ports = configuredPorts(context);
  const isCallingOut = role === 'worker' || auth.providers.length > 0 || files?.s3 !== undefined;
  return [...(isCallingOut ? [publicWeb] : []), ...(ports.length > 0 ? [{ ports: ports.map(tcp) }] : [])];
}

function serverPolicy(context: Context, role: Role): KubernetesObject {
  const egress = [dns, databaseEgress(context), redisEgress(context), ...outgoing(context, role)];
  return policy(context, role, { ingress: serverIngress(context, role), egress });
}

function dataPolicy(context: Context, component: 'postgres' | 'redis', port: number): KubernetesObject {
  const clients: Component[] = component === 'postgres' ? [...roles, 'migrate', 'backup', 'restore'] : [...roles];
  const from = clients.map((client) => ({ podSelector: { matchLabels: selectorOf(context, client) } }));
  return policy(context, component, { ingress: [{ from, ports: [tcp(port)] }], egress: [] });
}

/** To Postgres, and to where backups are. */
function backupPolicies(context: Context): KubernetesObject[] {
  const place = backupPlace(context.cluster);
  return place ? [policy(context, 'backup', { ingress: [], egress: backupEgress(context, place) })] : [];
}

function backupEgress(context: Context, { s3 }: BackupPlace): object[] {
  const bucket = s3 ? [publicWeb, ...(s3.endpoint === undefined ? [] : [{ ports: [tcp(portOf(s3.endpoint))] }])] : [];
  return [dns, databaseEgress(context), ...bucket];
}

/** Of the pods of one Job, whose place may be another than that of the regular backups. */
export function taskPolicy(
  context: Context,
  role: 'backup' | 'restore',
  { job, place, owner }: { job: string; place: BackupPlace; owner: OwnerReference },
): KubernetesObject[] {
  if (!context.cluster.spec.networkPolicy.enabled) return [];
  const podSelector = { matchLabels: { ...selectorOf(context, role), 'batch.kubernetes.io/job-name': job } };
  const spec = { podSelector, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: backupEgress(context, place) };
  return [object(context, ['networking.k8s.io/v1/NetworkPolicy', job], { spec }, { component: role, owner })];
}

/** Each component gets what it needs; nothing between the pods of one component, they speak through Redis. */
export function networkPolicies(context: Context): KubernetesObject[] {
  const { networkPolicy, database, redis } = context.cluster.spec;
  if (!networkPolicy.enabled) return [];
  return [
    ...roles.map((role) => serverPolicy(context, role)),
    policy(context, 'migrate', { ingress: [], egress: [dns, databaseEgress(context)] }),
    ...backupPolicies(context),
    ...(database.evaluation ? [dataPolicy(context, 'postgres', POSTGRES_PORT)] : []),
    ...(redis.managed ? [dataPolicy(context, 'redis', REDIS_PORT)] : []),
  ];
}
