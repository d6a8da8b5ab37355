import type { KubernetesObject } from '@chatcluster/cdk8s/types';
import { managerName } from '../controller/kinds.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import type { KubeObject, ObjectRef, Resource, UnknownObject } from '../runtime/object.ts';

interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
}

export interface Overwritten {
  resource: Resource<KubeObject>;
  ref: ObjectRef;
  object: KubernetesObject;
  uid: string | undefined;
}

/**
 * For an object of ours that an apply cannot mend: server-side apply puts our items of a list beside those of somebody else,
 * and two ports of one name, say, are refused for ever. A merge patch replaces whole lists. What it makes us own as "Update"
 * is given up again, else a later apply could never take those fields away.
 */
export async function overwriteLists(
  { client, signal }: { client: KubeClient; signal: AbortSignal },
  { resource, ref, object, uid }: Overwritten,
): Promise<void> {
  const options = { fieldManager: managerName, signal };
  const patched = await client.patch(resource, ref, { metadata: { ...(uid && { uid }) }, spec: object.spec }, options);
  const { resourceVersion, managedFields = [] } = (patched as UnknownObject).metadata;
  const kept = (managedFields as ManagedFields[]).filter(
    ({ manager, operation, subresource }) => manager !== managerName || operation !== 'Update' || subresource !== undefined,
  );
  await client.patch(resource, ref, { metadata: { resourceVersion, managedFields: kept } }, options);
}
