import type { TaskResource } from '../controller/task-store.ts';
import { keyOf } from '../runtime/object.ts';
import { isNewer } from '../runtime/resource-version.ts';
import type { TaskStatus } from './status.ts';

/** What this process wrote last, for as long as the cache is behind it: deciding on less could do what is done once more. */
export interface Written {
  newest<T extends TaskResource>(cached: T): T;
  set(task: TaskResource, version: string, status: TaskStatus): void;
  forget(key: string): void;
}

export function createWritten(): Written {
  const statuses = new Map<string, { uid: string; version: string; status: TaskStatus }>();
  return {
    newest(cached) {
      const { uid, resourceVersion } = cached.metadata;
      const known = statuses.get(keyOf(cached));
      if (known?.uid === uid && isNewer(known.version, resourceVersion)) return { ...cached, status: known.status };
      statuses.delete(keyOf(cached));
      return cached;
    },
    set: (task, version, status) => void statuses.set(keyOf(task), { uid: task.metadata.uid, version, status }),
    forget: (key) => void statuses.delete(key),
  };
}
