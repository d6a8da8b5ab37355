import type { KubernetesObject } from '../types.ts';
import { isAutoscaled } from './autoscaling.ts';
import { compact, type Context, hashOf, object, type Role, selectorOf } from './context.ts';
import { serverPod } from './server-pod.ts';

/** Undefined: the field is left out, and belongs to whoever scales. */
function replicasOf({ cluster: { spec }, facts, options }: Context, role: Role): number | undefined {
  if (role !== 'realtime') return spec.roles[role].replicas;
  if (!options.standalone) return facts.realtimeReplicas;
  return isAutoscaled(spec) ? undefined : spec.replicas;
}

export function deployment(context: Context, role: Role): KubernetesObject {
  const { spec } = context.cluster;
  const body = compact({
    replicas: replicasOf(context, role),
    revisionHistoryLimit: 3,
    progressDeadlineSeconds: 600,
    selector: { matchLabels: selectorOf(context, role) },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: spec.upgrade.maxSurge } },
    template: serverPod(context, role),
  });
  return object(context, ['apps/v1/Deployment', context.n[role]], { spec: body }, { component: role });
}

/**
 * Gates a rollout: expands the schema before pods of the new release start. Its name changes with the release. Without the
 * operator it changes with the pod too: the pod of a Job can never be changed, and nobody would remove the old Job.
 */
export function migrationJob(context: Context): KubernetesObject {
  const { n, facts, cluster, options } = context;
  const template = serverPod(context, 'migrate');
  const name = n.migrate(options.standalone ? `${facts.migration.version} ${hashOf(template)}` : facts.migration.version);
  const spec = { backoffLimit: 3, activeDeadlineSeconds: cluster.spec.upgrade.migrationTimeoutSeconds, template };
  return object(context, ['batch/v1/Job', name], { spec }, { component: 'migrate' });
}

/** One pod at a time, however many there are: a share would block the drain of a node where one pod runs. */
export function disruptionBudget(context: Context, role: Role): KubernetesObject {
  const spec = { maxUnavailable: 1, selector: { matchLabels: selectorOf(context, role) }, unhealthyPodEvictionPolicy: 'AlwaysAllow' };
  return object(context, ['policy/v1/PodDisruptionBudget', context.n[role]], { spec }, { component: role });
}

export function serviceAccounts(context: Context): KubernetesObject[] {
  const { n, cluster } = context;
  const { database, redis, podTemplate } = cluster.spec;
  const account = (name: string) => object(context, ['v1/ServiceAccount', name], { automountServiceAccountToken: false });
  return [
    ...(podTemplate.serviceAccountName === undefined ? [account(n.serverAccount)] : []),
    ...(database.evaluation || redis.managed ? [account(n.dataAccount)] : []),
  ];
}
