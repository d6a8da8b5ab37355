/** What this process wrote last, per child. */
export interface Entry {
  /** Of the object that was wanted. */
  hash: string;
  /** Of the object that the API server gave back. */
  fingerprint: string;
  /**
   * resourceVersion in the cache at the time of the write ('' for none): until the cache shows something else it is
   * behind the write, and says nothing about drift.
   */
  behind?: string | undefined;
}

export interface Ledger {
  get(key: string, id: string): Entry | undefined;
  set(key: string, id: string, entry: Entry): void;
  /** The cache showed a change of this child. */
  seen(key: string, id: string): void;
  forget(key: string): void;
}

export function createLedger(): Ledger {
  const clusters = new Map<string, Map<string, Entry>>();
  return {
    get: (key, id) => clusters.get(key)?.get(id),
    set(key, id, entry) {
      let children = clusters.get(key);
      if (children === undefined) clusters.set(key, (children = new Map()));
      children.set(id, entry);
    },
    seen(key, id) {
      const entry = clusters.get(key)?.get(id);
      if (entry) entry.behind = undefined;
    },
    forget: (key) => void clusters.delete(key),
  };
}
