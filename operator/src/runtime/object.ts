/** The parts of an object that the runtime itself reads. Everything else passes through untouched. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  generateName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  creationTimestamp?: string;
  deletionTimestamp?: string;
  managedFields?: unknown[];
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** An object of a type that is not known at compile time. */
export type UnknownObject = KubeObject & Record<string, unknown>;

/** Where a kind is served. `T` is the shape that reads give back; nothing checks it at run time. */
export interface Resource<T extends KubeObject = UnknownObject> {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  /** Never set: carries `T` for inference. */
  readonly shape?: T;
}

export interface ObjectRef {
  name: string;
  /** Needed for namespaced resources. */
  namespace?: string;
}

export type Subresource = 'status' | 'scale';

export function defineResource<T extends KubeObject = UnknownObject>(resource: Resource<T>): Resource<T> {
  return resource;
}

/** `namespace/name`, or `name` for what has no namespace. */
export function keyOf(object: KubeObject | ObjectRef): string {
  const { namespace, name } = 'metadata' in object ? object.metadata : object;
  return namespace ? `${namespace}/${name}` : name;
}

export function parseKey(key: string): ObjectRef {
  const [first = '', second] = key.split('/', 2);
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller);
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The collection; of all namespaces when none is given. */
export function collectionPath(resource: Resource<KubeObject>, namespace?: string): string {
  const middle = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${groupPath(resource.apiVersion)}${middle}/${resource.plural}`;
}

export function objectPath(resource: Resource<KubeObject>, ref: ObjectRef, subresource?: Subresource): string {
  if (!ref.name) throw new TypeError(`${resource.kind}: a name is needed`);
  if (resource.namespaced && !ref.namespace) throw new TypeError(`${resource.kind} ${ref.name}: a namespace is needed`);
  const path = `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
