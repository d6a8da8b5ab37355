/**
 * Kubernetes documents resourceVersions of one resource as decimal numbers of any length that may be compared
 * (KEP-5504, true of every API server on etcd before that). Negative: a is older; NaN: not comparable.
 */
export function compareVersions(a: string, b: string): number {
  if (!isNumber(a) || !isNumber(b)) return Number.NaN;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

const isNumber = (version: string) => /^(0|[1-9]\d*)$/.test(version);

/** Not comparable counts as newer: better to act on something old than never on something new. */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (!version || !than) return true;
  return !(compareVersions(version, than) <= 0);
}
