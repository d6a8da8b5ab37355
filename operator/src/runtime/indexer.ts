import type { KubeObject } from './object.ts';

/** The values under which an object is found. */
export type IndexFunctions<T> = Record<string, (object: T) => string[]>;

export interface Indexer<T> {
  add(key: string, object: T): void;
  remove(key: string, object: T): void;
  keys(index: string, value: string): Iterable<string>;
}

const builtIn: IndexFunctions<KubeObject> = {
  namespace: (object) => [object.metadata.namespace ?? ''],
  owner: (object) => object.metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
};

/** Index functions must be pure: an object is taken out under the values under which it went in. */
export function createIndexer<T extends KubeObject>(functions: IndexFunctions<T>): Indexer<T> {
  const all: [string, (object: T) => string[]][] = Object.entries({ ...builtIn, ...functions });
  const indexes = new Map(all.map(([name]) => [name, new Map<string, Set<string>>()]));

  return {
    add(key, object) {
      for (const [name, valuesOf] of all) {
        const index = indexes.get(name);
        for (const value of valuesOf(object)) {
          const keys = index?.get(value) ?? new Set();
          index?.set(value, keys.add(key));
        }
      }
    },
    remove(key, object) {
      for (const [name, valuesOf] of all) {
        const index = indexes.get(name);
        for (const value of valuesOf(object)) {
          const keys = index?.get(value);
          keys?.delete(key);
          if (keys?.size === 0) index?.delete(value);
        }
      }
    },
    keys(index, value) {
      const known = indexes.get(index);
      if (!known) throw new TypeError(`there is no index ${index}`);
      return known.get(value) ?? [];
    },
  };
}
