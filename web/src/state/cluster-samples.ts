import type { AdminStats } from '@chatcluster/protocol';

/** One reading of the whole cluster. */
export interface Sample {
  atMs: number;
  connections: number;
  messagesPerSecond: number;
  /** Of the pod that is worst off. */
  loopLagMs: number;
}

/** Two minutes at one reading every two seconds. */
const KEPT = 60;

/** Adds a reading and forgets the oldest. */
export function keepSamples(samples: readonly Sample[], { at, pods }: AdminStats): Sample[] {
  const sample: Sample = {
    atMs: Date.parse(at),
    connections: pods.reduce((sum, pod) => sum + pod.connections, 0),
    messagesPerSecond: pods.reduce((sum, pod) => sum + pod.messagesPerSecond, 0),
    loopLagMs: Math.max(0, ...pods.map((pod) => pod.loopLagP99Ms)),
  };
  return [...samples, sample].slice(-KEPT);
}

/** The points of an SVG polyline in a box of `width` × `height`; the newest is at the right edge, the floor is 0. */
export function toPoints(values: readonly number[], { width, height }: { width: number; height: number }): string {
  const top = Math.max(1, ...values);
  const step = width / (KEPT - 1);
  return values
    .map((value, i) => `${round(width - (values.length - 1 - i) * step)},${round(height - (value / top) * (height - 2) - 1)}`)
    .join(' ');
}

const round = (value: number) => Math.round(value * 10) / 10;
