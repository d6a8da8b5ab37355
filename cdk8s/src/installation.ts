import type { ChatCluster, ResolvedSpec } from '@chatcluster/operator/api/index';
import { withDefaults } from '@chatcluster/operator/api/index';
import { validateChatCluster } from '@chatcluster/operator/api/validate';
import { planPool } from '@chatcluster/operator/decide/pool';
import { listReferencedSecrets } from '@chatcluster/operator/gather/referenced-secrets';
import { listGeneratedSecrets, nameOfSecret } from './manifests/secrets.ts';
import { renderChatCluster, renderSecret } from './render.ts';
import type { ClusterInput, Facts, KubernetesObject } from './types.ts';

export interface InstallationOptions {
  /** Wins over that of the ChatCluster. @default that of the ChatCluster, else `default` */
  namespace?: string;
  /** Release, where `spec.version` says nothing. */
  version: string;
  /** @default chatcluster/server */
  serverImage?: string;
  /** @default chatcluster/postgres:18 */
  postgresImage?: string;
  /** @default chatcluster/redis:7 */
  redisImage?: string;
}

export type Written = Pick<ChatCluster, 'apiVersion' | 'kind' | 'spec'> & { metadata: { name: string; namespace?: string } };

/** What was written cannot work; the messages are those of the API server. */
export class InvalidChatClusterError extends Error {
  override name = 'InvalidChatClusterError';
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

function parse(written: unknown, { namespace }: InstallationOptions): ClusterInput {
  const problems = validateChatCluster(written);
  if (problems.length > 0) throw new InvalidChatClusterError(problems);
  const { metadata, spec } = written as Written;
  return { name: metadata.name, namespace: namespace ?? metadata.namespace ?? 'default', spec: withDefaults(spec) };
}

function serverImageOf({ image, version }: ResolvedSpec, options: InstallationOptions): string {
  const repository = [image.registry, image.repository ?? options.serverImage ?? 'chatcluster/server'].filter(Boolean).join('/');
  return image.digest ? `${repository}@${image.digest}` : `${repository}:${version ?? options.version}`;
}

/** Nobody can be asked what the cluster has: what is asked for by name is there, what is Auto is not. */
function factsOf(spec: ResolvedSpec, options: InstallationOptions): Facts {
  return {
    capabilities: {
      gatewayApi: spec.access.gateway !== undefined,
      serviceMonitor: spec.monitoring.serviceMonitor === 'Enabled',
      prometheusRule: spec.monitoring.rules === 'Enabled',
      cloudNativePG: spec.database.cloudNativePG !== undefined,
      keda: spec.autoscaling.engine === 'KEDA',
    },
    checksums: {},
    databasePool: planPool(spec),
    migration: { version: spec.version ?? options.version, applied: false },
    serverImage: serverImageOf(spec, options),
    postgresImage: options.postgresImage ?? 'chatcluster/postgres:18',
    redisImage: options.redisImage ?? 'chatcluster/redis:7',
    imagePullPolicy: spec.image.pullPolicy ?? 'IfNotPresent',
  };
}

const standalone = { standalone: true };

/** Everything but Secrets, for people without the operator. The same ChatCluster gives the same objects, so it can live in Git. */
export function renderInstallation(written: unknown, options: InstallationOptions): KubernetesObject[] {
  const cluster = parse(written, options);
  return renderChatCluster(cluster, factsOf(cluster.spec, options), standalone);
}

/** Secrets that the installation needs and that nobody gave, with new passwords. Made once, and kept out of Git unless sealed. */
export function renderInstallationSecrets(written: unknown, options: InstallationOptions, newPassword: () => string): KubernetesObject[] {
  const cluster = parse(written, options);
  return listGeneratedSecrets(cluster).map((which) => renderSecret(cluster, which, newPassword(), standalone));
}

/** Names of the Secrets that must exist, for a person. */
export function listNeededSecrets(written: unknown, options: InstallationOptions): { generated: string[]; given: string[] } {
  const cluster = parse(written, options);
  const generated = listGeneratedSecrets(cluster).map((which) => nameOfSecret(cluster, which));
  const given = listReferencedSecrets(cluster.spec).map(({ name, keys }) => `${name} (${keys.map((key) => `key ${key}`).join(', ')})`);
  return { generated, given };
}
