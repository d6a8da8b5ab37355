import type { KubeObject, ObjectMeta, ObjectRef, Resource, Subresource, UnknownObject } from './object.ts';
import type { Fence } from './transport.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** For the whole call, retries included. @default 10_000 */
  deadlineMs?: number;
  /** Retries of 429, 5xx and broken connections, where they are safe. @default true */
  retry?: boolean;
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string;
  /** Validated and defaulted by the server, not stored. @default false */
  dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Who owns the fields; one name per concern. */
  fieldManager: string;
  /** Takes fields over from other managers instead of failing with a conflict. @default true */
  force?: boolean;
  subresource?: Subresource;
}

export interface PatchOptions extends WriteOptions {
  /** `merge` is RFC 7396, `json` is RFC 6902. @default 'merge' */
  type?: 'merge' | 'json';
  subresource?: Subresource;
}

export interface ReplaceOptions extends WriteOptions {
  subresource?: Subresource;
}

export interface DeleteOptions extends CallOptions {
  /** @default 'Background' */
  propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Fails with a conflict when the object is another one by now. Makes the call safe to retry. */
  preconditions?: { uid?: string; resourceVersion?: string };
  gracePeriodSeconds?: number;
}

export interface Selection {
  /** All namespaces when absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ListOptions<T extends KubeObject = UnknownObject> extends Selection, CallOptions {
  /** Objects per page. @default 500 */
  pageSize?: number;
  /** Runs on every object before the next page is asked for: what it leaves out of them is never in memory all at once. */
  transform?: (object: T) => T;
}

export interface WatchOptions extends Selection {
  /** Starts after this version. */
  resourceVersion: string;
  signal?: AbortSignal;
  /** The server ends the stream after this long. @default 300 */
  timeoutSeconds?: number;
  /** How long past its timeout a silent stream is waited for. @default 30_000 */
  graceMs?: number;
}

export interface KubeList<T> {
  items: T[];
  resourceVersion: string;
}

/** A `BOOKMARK` carries nothing but a newer resourceVersion. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: { metadata: Pick<ObjectMeta, 'resourceVersion' | 'annotations'> } };

export interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** What goes into create and apply: partial, with at least a name. */
export type Manifest<T extends KubeObject = UnknownObject> = T | (KubeObject & object);

export interface KubeClient {
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: CallOptions): Promise<T>;
  /** As `get`, but undefined where there is none. */
  find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: CallOptions): Promise<T | undefined>;
  /** Every page; starts over once when the continue token expires on the way. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions<T>): Promise<KubeList<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Manifest<T>, options?: WriteOptions): Promise<T>;
  /** Server-side apply: creates or changes, and owns exactly the fields that are given. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Manifest<T>, options: ApplyOptions): Promise<T>;
  /** PUT: fails with a conflict when the object's resourceVersion is not the newest. */
  replace<T extends KubeObject>(resource: Resource<T>, object: Manifest<T>, options?: ReplaceOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: object, options?: PatchOptions): Promise<T>;
  /** Ends when the server has accepted it; finalizers may keep the object for longer. */
  delete(resource: Resource<KubeObject>, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  readScale(resource: Resource<KubeObject>, ref: ObjectRef, options?: CallOptions): Promise<Scale>;
  writeScale(resource: Resource<KubeObject>, ref: ObjectRef, replicas: number, options?: WriteOptions): Promise<Scale>;
  /** Ends when the server ends the stream; throws when anything else does. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** GET of any path, for /version, /readyz and discovery; parsed when it is JSON. */
  raw(path: string, options?: CallOptions): Promise<unknown>;
  /** The same connections, but the fence stands before every write that is sent, retries too. */
  fenced(fence: Fence): KubeClient;
  /** Requests and connections so far, by pool. */
  stats(): TransportStats;
  close(): Promise<void>;
}

export interface PoolStats {
  connections: number;
  requests: number;
}

export interface TransportStats {
  requests: PoolStats;
  watches: PoolStats;
}
