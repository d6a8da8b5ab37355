import { autoscaler } from './manifests/autoscaling.ts';
import { backupObjects } from './manifests/backup.ts';
import { cloudNativePg } from './manifests/cloud-native-pg.ts';
import { type Context, roles } from './manifests/context.ts';
import { deployment, disruptionBudget, migrationJob, serviceAccounts } from './manifests/deployments.ts';
import { monitoring } from './manifests/monitoring.ts';
import { networkPolicies } from './manifests/network-policies.ts';
import { evaluationPostgres } from './manifests/postgres.ts';
import { managedRedis } from './manifests/redis.ts';
import { route } from './manifests/route.ts';
import { generatedSecret, type GeneratedSecret } from './manifests/secrets.ts';
import { configMap } from './manifests/server-env.ts';
import { featureObjects } from './manifests/server-features.ts';
import { serverServices } from './manifests/services.ts';
import { type Task, taskObjects } from './manifests/task.ts';
import { names } from './names.ts';
import type { ClusterInput, Facts, KubernetesObject, RenderOptions } from './types.ts';

function createContext(cluster: ClusterInput, facts: Facts, options: RenderOptions): Context {
  return { cluster, facts, options, n: names(cluster) };
}

/** In an order in which they can be applied: what others refer to comes first. They may share parts, and hold undefined. */
export function listObjects(cluster: ClusterInput, facts: Facts, options: RenderOptions = {}): KubernetesObject[] {
  const context = createContext(cluster, facts, options);
  return [
    ...serviceAccounts(context),
    ...networkPolicies(context),
    configMap(context),
    ...featureObjects(context),
    ...evaluationPostgres(context),
    ...cloudNativePg(context),
    ...managedRedis(context),
    ...serverServices(context),
    ...(context.facts.migration.applied ? [] : [migrationJob(context)]),
    ...backupObjects(context),
    ...roles.map((role) => deployment(context, role)),
    ...roles.map((role) => disruptionBudget(context, role)),
    ...route(context),
    ...autoscaler(context),
    ...monitoring(context),
  ];
}

/**
 * Pure: the same input gives the same objects, byte for byte. Not by way of a chart, whose rendering takes ten times as long:
 * the operator does this for every change of every cluster. A test compares the two.
 */
export function renderChatCluster(cluster: ClusterInput, facts: Facts, options: RenderOptions = {}): KubernetesObject[] {
  // Through JSON, so that nothing is undefined and no object is shared.
  return JSON.parse(JSON.stringify(listObjects(cluster, facts, options))) as KubernetesObject[];
}

/** What one ChatClusterBackup or ChatClusterRestore needs, the Job last. */
export function renderTask(cluster: ClusterInput, facts: Facts, task: Task): KubernetesObject[] {
  return JSON.parse(JSON.stringify(taskObjects(createContext(cluster, facts, {}), task))) as KubernetesObject[];
}

/** A Secret that somebody has to make once, with a password of letters and digits; it must not be changed afterwards. */
export function renderSecret(
  cluster: ClusterInput,
  which: GeneratedSecret,
  password: string,
  options: RenderOptions = {},
): KubernetesObject {
  return generatedSecret({ cluster, facts: noFacts, options, n: names(cluster) }, which, password);
}

const noFacts: Facts = {
  capabilities: { gatewayApi: false, serviceMonitor: false, prometheusRule: false, cloudNativePG: false, keda: false },
  checksums: {},
  databasePool: 0,
  migration: { version: '', applied: true },
  serverImage: '',
  postgresImage: '',
  redisImage: '',
  imagePullPolicy: 'IfNotPresent',
};
