/**
 * Whether everything that is wanted is there. The API server adds defaults, and drops empty lists, maps and texts; a
 * false "no" costs one server-side apply that changes nothing, a false "yes" would leave drift.
 */
export function isSubset(wanted: unknown, live: unknown): boolean {
  if (wanted === live) return true;
  if (isEmpty(wanted)) return live === undefined || live === null || isEmpty(live) || isObject(wanted);
  if (Array.isArray(wanted)) {
    return Array.isArray(live) && wanted.length === live.length && wanted.every((item, index) => isSubset(item, live[index]));
  }
  if (!isObject(wanted) || !isObject(live)) return false;
  return Object.entries(wanted).every(([name, value]) => isSubset(value, live[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
