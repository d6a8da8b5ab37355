export { type ClusterNames, names } from './names.ts';
export type { ClusterInput, Facts, KubernetesObject, OwnerReference, RenderOptions } from './types.ts';
