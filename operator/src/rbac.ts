/**
 * What the operator may do, as data: the manifests of the operator are rendered from it, and a test over the audit log of a
 * real API server proves that nothing is missing and nothing is unused. Keep it in alphabetical order of group and resource.
 */
export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** `get` before the first write (is the name taken by somebody else?), `create` and `patch` for server-side apply. */
const owned = ['create', 'delete', 'get', 'list', 'patch', 'watch'];

/**
 * Granted in every namespace that the operator watches: a ClusterRole with a ClusterRoleBinding for the scope "cluster",
 * with a RoleBinding in each listed namespace for the scope "namespaces".
 * Secrets: it can make those that it generates and remove them, but read none.
 */
export const watchedRules: PolicyRule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch', 'watch'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'delete'] },
  { apiGroups: [''], resources: ['configmaps', 'persistentvolumeclaims', 'serviceaccounts', 'services'], verbs: owned },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: owned },
  { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: owned },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: owned },
  { apiGroups: ['chatcluster.dev'], resources: ['chatclusterbackups', 'chatclusterrestores'], verbs: ['list', 'watch'] },
  { apiGroups: ['chatcluster.dev'], resources: ['chatclusterbackups/status', 'chatclusterrestores/status'], verbs: ['patch'] },
  { apiGroups: ['chatcluster.dev'], resources: ['chatclusters'], verbs: ['list', 'patch', 'watch'] },
  { apiGroups: ['chatcluster.dev'], resources: ['chatclusters/status'], verbs: ['patch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: owned },
  { apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: owned },
  { apiGroups: ['monitoring.coreos.com'], resources: ['prometheusrules', 'servicemonitors'], verbs: owned },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: owned },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
  { apiGroups: ['postgresql.cnpg.io'], resources: ['clusters'], verbs: owned },
];

/**
 * Only ever bound by RoleBindings in single namespaces (all listed ones for the scope "namespaces", those in which the
 * user wants it for the scope "cluster"): pods are then rolled when a referenced Secret changes. Without it a missing
 * Secret is still noticed, by the state of the pods that wait for it.
 */
export const secretReaderRules: PolicyRule[] = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list', 'watch'] }];

/** In the operator's own namespace: leader election. */
export const ownNamespaceRules: PolicyRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
];
