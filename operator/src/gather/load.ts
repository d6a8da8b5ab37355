import type { PodLoad } from '../autoscale/types.ts';

export type ReadLoad = (ip: string, signal: AbortSignal) => Promise<PodLoad | undefined>;

const deadlineMs = 2_000;
const maxBytes = 64 * 1024;

/** Asks the admin port of a pod. Whatever is wrong with the answer: no data, which the autoscaler knows how to read. */
export function createReadLoad(port = 9090): ReadLoad {
  return async (ip, signal) => {
    const host = ip.includes(':') ? `[${ip}]` : ip;
    try {
      const response = await fetch(`http://${host}:${port}/metrics.json`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
        redirect: 'error',
      });
      const text = await response.text();
      return response.ok && text.length <= maxBytes ? parseLoad(JSON.parse(text)) : undefined;
    } catch {
      // Refused, too slow, not JSON: all the same to the autoscaler.
      return undefined;
    }
  };
}

/** Only whole answers count: half an answer would let the rest look like idleness. */
export function parseLoad(value: unknown): PodLoad | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const connections = amount(given.connections);
  const acceptPerSecond = amount(given.acceptPerSecond);
  const eventLoopUtilization = amount(given.eventLoopUtilization);
  const heapUsedRatio = amount(given.heapUsedRatio);
  if (connections === undefined || acceptPerSecond === undefined || eventLoopUtilization === undefined || heapUsedRatio === undefined) {
    return undefined;
  }
  return { connections, acceptPerSecond, eventLoopUtilization, heapUsedRatio };
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
