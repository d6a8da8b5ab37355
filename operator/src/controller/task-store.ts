import type { ChatClusterBackup, ChatClusterRestore } from '../api/index.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import type { Reflector } from '../runtime/reflector.ts';

export type TaskResource = ChatClusterBackup | ChatClusterRestore;

/** ChatClusterBackups or ChatClusterRestores as the cache has them. */
export interface TaskStore<T> {
  get(key: string): T | undefined;
  list(namespace?: string): T[];
  /** Those that name this ChatCluster, `namespace/name`. */
  ofCluster(key: string): T[];
  subscribe(handler: (object: T) => void): () => void;
}

/** For the reflectors below. */
export const byClusterRef = ({ metadata, spec }: TaskResource) => [clusterKeyOfTask({ metadata, spec })];

export function clusterKeyOfTask({ metadata, spec }: Pick<TaskResource, 'metadata' | 'spec'>): string {
  return keyOf({ namespace: metadata.namespace, name: spec.clusterRef.name });
}

/** Over the namespaces that are watched. */
export function createTaskStore<T extends TaskResource & KubeObject>(reflectors: Reflector<T>[]): TaskStore<T> {
  return {
    get: (key) => reflectors.map((one) => one.store.getByKey(key)).find((found) => found !== undefined),
    list: (namespace) => reflectors.flatMap((one) => one.store.list(namespace)),
    ofCluster: (key) => reflectors.flatMap((one) => one.store.byIndex('cluster', key)),
    subscribe(handler) {
      const ends = reflectors.map((one) => one.subscribe(({ object }) => handler(object)));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
