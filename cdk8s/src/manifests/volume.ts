import type { KubernetesObject } from '../types.ts';
import { compact, type Context, object } from './context.ts';

interface VolumeClaim {
  name: string;
  component: 'postgres' | 'redis' | 'api' | 'backup';
  storage: { size: string; storageClassName?: string };
  /** @default ReadWriteOnce */
  accessMode?: 'ReadWriteOnce' | 'ReadWriteMany';
  isKept?: boolean;
}

/** Not a template of the StatefulSet: those can never be changed, and a volume must be able to grow. */
export function volumeClaim(
  context: Context,
  { name, component, storage, accessMode = 'ReadWriteOnce', isKept }: VolumeClaim,
): KubernetesObject {
  const spec = compact({
    accessModes: [accessMode],
    storageClassName: storage.storageClassName,
    resources: { requests: { storage: storage.size } },
  });
  return object(context, ['v1/PersistentVolumeClaim', name], { spec }, { component, isData: true, ...(isKept && { isKept }) });
}
