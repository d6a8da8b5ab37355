import type { Observation, PodLoad, ScalingSpec, Signal } from './types.ts';

export interface Wanted {
  replicas: number;
  signal: Signal;
  /** Ready pods that did not answer. */
  missing: number;
}

/**
 * Load is additive: what all pods carry together, divided by what one should carry, is how many are needed. Pods that are
 * only starting carry nothing yet and so do not ask for more of themselves.
 */
export function planReplicas(observation: Observation, spec: ScalingSpec): Wanted {
  const { replicas } = observation;
  const ready = observation.pods.filter((pod) => pod.isReady);
  const loads = ready.flatMap((pod) => (pod.load === undefined ? [] : [pod.load]));
  const missing = ready.length - loads.length;
  if (replicas === 0 || loads.length === 0) return { replicas, signal: 'none', missing: Math.max(missing, 1) };
  const tolerance = spec.behavior.tolerancePercent / 100;
  let best: Wanted = { replicas: 0, signal: 'none', missing };
  for (const [signal, carried] of listSignals(loads, observation, spec)) {
    const wanted = Math.abs(carried / replicas - 1) <= tolerance ? replicas : Math.ceil(carried);
    // A forecast equal to what the connections ask for anyway is not the reason.
    if (wanted > best.replicas) best = { replicas: wanted, signal, missing };
  }
  return best.signal === 'none' ? { ...best, replicas: spec.minReplicas } : best;
}

/** Each signal with the number of pods, not rounded, that it asks for. */
function listSignals(loads: PodLoad[], { podStartSeconds }: Observation, { targets, forecast }: ScalingSpec): [Signal, number][] {
  const sum = (read: (load: PodLoad) => number) => loads.reduce((total, load) => total + Math.max(0, read(load)), 0);
  const signals: [Signal, number][] = [];
  if (targets.connectionsPerPod) {
    const connections = sum((load) => load.connections);
    signals.push(['connections', connections / targets.connectionsPerPod]);
    // Who arrives while a pod starts has to fit too.
    const arriving = sum((load) => load.acceptPerSecond) * podStartSeconds;
    if (forecast.enabled) signals.push(['forecast', (connections + arriving) / targets.connectionsPerPod]);
  }
  if (targets.eventLoopUtilizationPercent) {
    signals.push(['eventLoopUtilization', (sum((load) => load.eventLoopUtilization) * 100) / targets.eventLoopUtilizationPercent]);
  }
  if (targets.heapPercent) signals.push(['heap', (sum((load) => load.heapUsedRatio) * 100) / targets.heapPercent]);
  return signals;
}
