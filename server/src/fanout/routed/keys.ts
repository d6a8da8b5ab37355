/** Streams that a pod reads itself; every other key is touched by the function library only. */
export function inboxKey(prefix: string, podId: string): string {
  return `${prefix}pod:${podId}:inbox`;
}

export function volatileKey(prefix: string, podId: string): string {
  return `${prefix}pod:${podId}:volatile`;
}
