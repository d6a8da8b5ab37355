/** What nobody has any more is forgotten with all the rest, once there is so much. */
const most = 100_000;

/**
 * One object for all that are equal: the twenty-five children of a ChatCluster have the same owner and few different labels,
 * and a cache that keeps them for each child is twice as large. What is shared must never be changed.
 */
export function createShare(): <T extends object>(value: T) => T {
  const known = new Map<string, object>();
  return <T extends object>(value: T): T => {
    const text = JSON.stringify(value);
    const found = known.get(text);
    if (found !== undefined) return found as T;
    if (known.size >= most) known.clear();
    known.set(text, value);
    return value;
  };
}
