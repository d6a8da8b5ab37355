/** Guests, and load without rate limits; a drain that no test has to wait for long. */
export const forTests = {
  auth: { guests: { enabled: true } },
  podTemplate: {
    env: [
      { name: 'RATE_LIMITS', value: 'off' },
      { name: 'ALLOW_NO_RATE_LIMITS', value: 'yes' },
    ],
  },
  shutdown: { preStopSeconds: 2, drainSeconds: 8, terminationGracePeriodSeconds: 20 },
};

interface Following {
  minReplicas: number;
  maxReplicas: number;
  connectionsPerPod: number;
}

/** The operator's own engine, quick to scale down. Only connections count: a slow machine is busy with two people. */
export function following({ minReplicas, maxReplicas, connectionsPerPod }: Following) {
  return {
    autoscaling: {
      engine: 'Operator',
      minReplicas,
      maxReplicas,
      targets: { connectionsPerPod, eventLoopUtilizationPercent: 100, heapPercent: 100 },
      behavior: { scaleDown: { stabilizationWindowSeconds: 5, policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }] } },
    },
  };
}
