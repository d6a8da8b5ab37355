export interface Generations<V> {
  /** Counts as a use. */
  get(key: string): V | undefined;
  /** Counts as none. */
  peek(key: string): V | undefined;
  set(key: string, value: V): void;
  /** After a value from `get` or `set` has grown by this much. */
  grow(by: number): void;
  entries(): Iterable<[string, V]>;
}

/**
 * A map bounded by weight. What was not used while others of half the weight were used is forgotten. Unlike a map in the order of use,
 * using what was used lately moves nothing: on a path that runs for each delivery, two more operations on a map of 20,000 are felt.
 */
export function createGenerations<V>(maxWeight: number, weigh: (value: V) => number): Generations<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  let weight = 0;

  function grow(by: number): void {
    weight += by;
    if (weight <= maxWeight / 2) return;
    // Of one that alone is too heavy nothing stays.
    old = weight > maxWeight ? new Map() : young;
    young = new Map();
    weight = 0;
  }

  function set(key: string, value: V): void {
    young.set(key, value);
    old.delete(key);
    grow(weigh(value));
  }

  return {
    get(key) {
      const known = young.get(key);
      if (known !== undefined) return known;
      const older = old.get(key);
      if (older !== undefined) set(key, older);
      return older;
    },
    peek: (key) => young.get(key) ?? old.get(key),
    set,
    grow,
    *entries() {
      yield* old;
      yield* young;
    },
  };
}
