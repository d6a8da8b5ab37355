import { GROUP, KIND } from '../api/index.ts';
import { labels, managerName } from '../controller/kinds.ts';
import type { KubeObject } from '../runtime/object.ts';

export interface Owner {
  name: string;
  uid: string;
  /** @default ChatCluster */
  kind?: string;
}

/**
 * `ours`: it may be changed. `leftover`: of a ChatCluster of the same name that is gone; the garbage collector takes it
 * away soon. `foreign`: somebody else's, never touched.
 */
export type Ownership = 'ours' | 'leftover' | 'foreign';

export function ownershipOf(object: KubeObject, owner: Owner): Ownership {
  const ownerKind = owner.kind ?? KIND;
  const own = object.metadata.ownerReferences?.find(({ apiVersion, kind }) => kind === ownerKind && apiVersion.startsWith(`${GROUP}/`));
  if (own?.uid === owner.uid) return 'ours';
  if (own !== undefined) return own.name === owner.name ? 'leftover' : 'foreign';
  // Data that outlives its ChatCluster has no owner, and is found again by its labels.
  const { [labels.instance]: instance, [labels.managedBy]: manager } = object.metadata.labels ?? {};
  const isRetained = instance === owner.name && manager === managerName && (object.metadata.ownerReferences ?? []).length === 0;
  return isRetained ? 'ours' : 'foreign';
}
