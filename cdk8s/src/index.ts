export { type Component, instanceOf, type Role } from './manifests/context.ts';
export { databaseUrlRef, type KeyRef, listGeneratedSecrets } from './manifests/secrets.ts';
export { publicUrl } from './manifests/server-env.ts';
export { type ClusterNames, names } from './names.ts';
export { ChatClusterManifests, type ChatClusterManifestsProps, renderChatCluster, renderSecret } from './render.ts';
export type { ClusterInput, Facts, KubernetesObject, OwnerReference, RenderOptions } from './types.ts';
export type { OperatorOptions } from './operator/options.ts';
export { ChatClusterOperator, renderOperator } from './operator/render-operator.ts';
