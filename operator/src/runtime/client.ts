import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  KubeList,
  ListOptions,
  PatchOptions,
  Scale,
  Selection,
  WriteOptions,
} from './client-types.ts';
import { isGone, isNotFound } from './errors.ts';
import { collectionPath, type KubeObject, objectPath, type Resource } from './object.ts';
import type { Fence, Transport, TransportRequest } from './transport.ts';
import { watchEventsOf } from './watch-stream.ts';

/** kube-apiserver reads JSON as the YAML that the content type promises. */
const contentTypes = {
  create: 'application/json',
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

const defaultPageSize = 500;

const refOf = ({ metadata }: KubeObject) => ({ name: metadata.name, namespace: metadata.namespace });
const call = ({ signal, deadlineMs, retry }: WriteOptions) => ({ signal, deadlineMs, retry });
const writeQuery = ({ fieldManager, dryRun }: WriteOptions) => ({ fieldManager, dryRun: dryRun ? 'All' : undefined });
const selectionQuery = ({ labelSelector, fieldSelector }: Selection) => ({ labelSelector, fieldSelector });

/** Lists leave apiVersion and kind out of their items. */
function completed<T extends KubeObject>({ apiVersion, kind }: Resource<T>, item: T): T {
  item.apiVersion ??= apiVersion;
  item.kind ??= kind;
  return item;
}

interface ListBody<T> {
  items: T[] | null;
  metadata: { resourceVersion: string; continue?: string };
}

export function createKubeClient(transport: Transport, fence?: Fence): KubeClient {
  const send = async <T>(request: TransportRequest): Promise<T> => JSON.parse(await transport.request(request)) as T;
  const write = <T>(request: TransportRequest): Promise<T> => send<T>({ ...request, fence });

  async function listPages<T extends KubeObject>(resource: Resource<T>, options: ListOptions<T>, limit?: number): Promise<KubeList<T>> {
    const { transform = (object: T) => object } = options;
    const items: T[] = [];
    for (let next: string | undefined; ; ) {
      const query = { ...selectionQuery(options), limit, continue: next };
      const page = await send<ListBody<T>>({ method: 'GET', path: collectionPath(resource, options.namespace), query, ...call(options) });
      for (const item of page.items ?? []) items.push(transform(completed(resource, item)));
      next = page.metadata.continue || undefined;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  const client: KubeClient = {
    get: (resource, ref, options = {}) => send({ method: 'GET', path: objectPath(resource, ref), ...call(options) }),
    async find(resource, ref, options) {
      try {
        return await client.get(resource, ref, options);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async list(resource, options = {}) {
      try {
        return await listPages(resource, options, options.pageSize ?? defaultPageSize);
      } catch (error) {
        if (!isGone(error)) throw error;
        // The token of a page expired on the way: one page with everything cannot.
        return listPages(resource, options);
      }
    },
    create: (resource, object, options = {}) =>
      write({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        query: writeQuery(options),
        body: JSON.stringify({ apiVersion: resource.apiVersion, kind: resource.kind, ...object }),
        contentType: contentTypes.create,
        ...call(options),
      }),
    apply: (resource, object, options: ApplyOptions) =>
      write({
        method: 'PATCH',
        path: objectPath(resource, refOf(object), options.subresource),
        query: { ...writeQuery(options), force: options.force ?? true },
        body: JSON.stringify({ apiVersion: resource.apiVersion, kind: resource.kind, ...object }),
        contentType: contentTypes.apply,
        idempotent: true,
        ...call(options),
      }),
    replace: (resource, object, options = {}) =>
      write({
        method: 'PUT',
        path: objectPath(resource, refOf(object), options.subresource),
        query: writeQuery(options),
        body: JSON.stringify({ apiVersion: resource.apiVersion, kind: resource.kind, ...object }),
        contentType: contentTypes.create,
        // With a resourceVersion, a second run is refused rather than done twice.
        idempotent: object.metadata.resourceVersion !== undefined,
        ...call(options),
      }),
    patch: (resource, ref, patch, options: PatchOptions = {}) =>
      write({
        method: 'PATCH',
        path: objectPath(resource, ref, options.subresource),
        query: writeQuery(options),
        body: JSON.stringify(patch),
        contentType: contentTypes[options.type ?? 'merge'],
        ...call(options),
      }),
    async delete(resource, ref, options: DeleteOptions = {}) {
      const { propagation = 'Background', preconditions, gracePeriodSeconds } = options;
      await write({
        method: 'DELETE',
        path: objectPath(resource, ref),
        body: JSON.stringify({
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: propagation,
          preconditions,
          gracePeriodSeconds,
        }),
        contentType: contentTypes.create,
        // By name alone, a second run might delete an object that was made in between.
        idempotent: preconditions?.uid !== undefined,
        ...call(options),
      });
    },
    readScale: (resource, ref, options = {}) => send<Scale>({ method: 'GET', path: objectPath(resource, ref, 'scale'), ...call(options) }),
    writeScale: (resource, ref, replicas, options = {}) =>
      write<Scale>({
        method: 'PATCH',
        path: objectPath(resource, ref, 'scale'),
        query: writeQuery(options),
        body: JSON.stringify({ spec: { replicas } }),
        contentType: contentTypes.merge,
        ...call(options),
      }),
    async *watch(resource, options) {
      const { timeoutSeconds = 300, graceMs = 30_000, resourceVersion, signal } = options;
      const chunks = await transport.stream({
        path: collectionPath(resource, options.namespace),
        query: { ...selectionQuery(options), watch: true, allowWatchBookmarks: true, timeoutSeconds, resourceVersion },
        silenceMs: timeoutSeconds * 1_000 + graceMs,
        signal,
      });
      yield* watchEventsOf(chunks);
    },
    async raw(path, options = {}) {
      const text = await transport.request({ method: 'GET', path, ...call(options) });
      return /^\s*[[{]/.test(text) ? (JSON.parse(text) as unknown) : text;
    },
    fenced: (inner) => createKubeClient(transport, inner),
    stats: () => transport.stats(),
    close: () => transport.close(),
  };
  return client;
}
