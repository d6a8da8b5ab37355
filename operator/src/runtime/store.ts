import { createIndexer, type IndexFunctions } from './indexer.ts';
import { keyOf, type KubeObject, type ObjectRef } from './object.ts';
import { isNewer } from './resource-version.ts';

export interface Change<T> {
  type: 'added' | 'updated' | 'deleted';
  /** For `deleted` the last state that was seen. */
  object: T;
  /** For `updated`; of another uid when the object was deleted and made again unseen. */
  previous?: T;
}

/** What the API server had, a moment ago. The objects are shared: never change them. */
export interface ReadStore<T> {
  readonly size: number;
  get(ref: ObjectRef): T | undefined;
  getByKey(key: string): T | undefined;
  list(namespace?: string): T[];
  /** Objects with an ownerReference to this uid. */
  byOwner(uid: string): T[];
  byIndex(index: string, value: string): T[];
}

export interface Store<T> extends ReadStore<T> {
  /** Undefined when it is not newer than what is known. */
  upsert(object: T): Change<T> | undefined;
  remove(object: T): Change<T> | undefined;
  /** Everything that existed at `version`; what is newer stays. */
  replace(objects: T[], version: string): Change<T>[];
}

/** Versions of deleted objects that are remembered, so that a late event does not bring one back. */
const maxTombstones = 10_000;

export function createStore<T extends KubeObject>(indexes: IndexFunctions<T> = {}): Store<T> {
  const objects = new Map<string, T>();
  const tombstones = new Map<string, string>();
  const indexer = createIndexer<T>(indexes, objects);
  const pick = (keys: Iterable<string>) => [...keys].flatMap((key) => objects.get(key) ?? []);
  const known = (key: string) => objects.get(key)?.metadata.resourceVersion ?? tombstones.get(key);

  function bury(key: string, version: string | undefined): void {
    tombstones.delete(key);
    if (version) tombstones.set(key, version);
    if (tombstones.size > maxTombstones) tombstones.delete(tombstones.keys().next().value ?? '');
  }

  function drop(key: string): Change<T> | undefined {
    const object = objects.get(key);
    if (!object) return undefined;
    objects.delete(key);
    indexer.remove(key, object);
    return { type: 'deleted', object };
  }

  const store: Store<T> = {
    get size() {
      return objects.size;
    },
    get: (ref) => objects.get(keyOf(ref)),
    getByKey: (key) => objects.get(key),
    list: (namespace) => (namespace === undefined ? [...objects.values()] : pick(indexer.keys('namespace', namespace))),
    byOwner: (uid) => pick(indexer.keys('owner', uid)),
    byIndex: (index, value) => pick(indexer.keys(index, value)),
    upsert(object) {
      const key = keyOf(object);
      if (!isNewer(object.metadata.resourceVersion, known(key))) return undefined;
      const previous = objects.get(key);
      tombstones.delete(key);
      if (previous) indexer.remove(key, previous);
      objects.set(key, object);
      indexer.add(key, object);
      return previous ? { type: 'updated', object, previous } : { type: 'added', object };
    },
    remove(object) {
      const key = keyOf(object);
      const version = object.metadata.resourceVersion;
      if (!isNewer(version, known(key))) return undefined;
      bury(key, version);
      return drop(key);
    },
    replace(items, version) {
      const listed = new Set(items.map(keyOf));
      const changes = items.flatMap((item) => store.upsert(item) ?? []);
      for (const [key, object] of objects) {
        const older = !isNewer(object.metadata.resourceVersion, version);
        if (!listed.has(key) && older) changes.push(drop(key) as Change<T>);
      }
      for (const [key, deletedAt] of tombstones) if (!isNewer(deletedAt, version)) tombstones.delete(key);
      return changes;
    },
  };
  return store;
}
