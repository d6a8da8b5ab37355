import { ownNamespaceRules, secretReaderRules, watchedRules } from '@chatcluster/operator/rbac';
import type { KubernetesObject } from '../types.ts';
import { object, type ResolvedOptions } from './options.ts';

const API = 'rbac.authorization.k8s.io/v1';

function binding(
  options: ResolvedOptions,
  role: { kind: 'Role' | 'ClusterRole'; name: string },
  namespace: string | null,
): KubernetesObject {
  const body = {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
    subjects: [{ kind: 'ServiceAccount', name: options.name, namespace: options.namespace }],
  };
  return object(options, `${API}/${namespace === null ? 'ClusterRoleBinding' : 'RoleBinding'}`, body, { name: role.name, namespace });
}

/**
 * Secrets: everywhere it works it may make and remove those that it generates, which tells it nothing about others; it may
 * read them only in `secretNamespaces`, by RoleBindings. No rule has a wildcard.
 */
export function operatorAccess(options: ResolvedOptions): KubernetesObject[] {
  const { name, namespace, watchNamespaces, secretNamespaces } = options;
  const watched = { kind: 'ClusterRole', name } as const;
  const reader = { kind: 'ClusterRole', name: `${name}-secrets` } as const;
  const own = { kind: 'Role', name: `${name}-leader` } as const;
  const clusterRole = (role: string, rules: object[]) => object(options, `${API}/ClusterRole`, { rules }, { name: role, namespace: null });
  return [
    object(options, 'v1/ServiceAccount', { automountServiceAccountToken: false }),
    clusterRole(name, watchedRules),
    clusterRole(reader.name, secretReaderRules),
    object(options, `${API}/Role`, { rules: ownNamespaceRules }, { name: own.name }),
    ...(watchNamespaces.length > 0 ? watchNamespaces.map((at) => binding(options, watched, at)) : [binding(options, watched, null)]),
    ...secretNamespaces.map((at) => binding(options, reader, at)),
    binding(options, own, namespace),
  ];
}
