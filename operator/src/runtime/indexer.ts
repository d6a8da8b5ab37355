import type { KubeObject } from './object.ts';

/** The values under which an object is found. */
export type IndexFunctions<T> = Record<string, (object: T) => string[]>;

export interface Indexer<T> {
  /** After the object came into the map. */
  add(key: string, object: T): void;
  remove(key: string, object: T): void;
  keys(index: string, value: string): Iterable<string>;
}

const builtIn: IndexFunctions<KubeObject> = {
  namespace: (object) => [object.metadata.namespace ?? ''],
  owner: (object) => object.metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
};

/**
 * Index functions must be pure: an object is taken out under the values under which it went in. An index is made when it is
 * asked for first: with many thousands of objects each costs megabytes, and nobody uses all of them.
 */
export function createIndexer<T extends KubeObject>(functions: IndexFunctions<T>, objects: ReadonlyMap<string, T>): Indexer<T> {
  const all: Record<string, (object: T) => string[]> = { ...builtIn, ...functions };
  const made = new Map<string, Map<string, Set<string>>>();

  function put(name: string, key: string, object: T): void {
    const index = made.get(name);
    for (const value of all[name]?.(object) ?? []) {
      const keys = index?.get(value) ?? new Set();
      index?.set(value, keys.add(key));
    }
  }

  function make(name: string): void {
    if (!Object.hasOwn(all, name)) throw new TypeError(`there is no index ${name}`);
    made.set(name, new Map());
    for (const [key, object] of objects) put(name, key, object);
  }

  return {
    add(key, object) {
      for (const name of made.keys()) put(name, key, object);
    },
    remove(key, object) {
      for (const [name, index] of made) {
        for (const value of all[name]?.(object) ?? []) {
          const keys = index.get(value);
          keys?.delete(key);
          if (keys?.size === 0) index.delete(value);
        }
      }
    },
    keys(name, value) {
      if (!made.has(name)) make(name);
      return made.get(name)?.get(value) ?? [];
    },
  };
}
