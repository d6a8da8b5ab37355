import { choice, defaulted, flag, list, record, required, whole } from './schema.ts';
import { resources } from './common.ts';

const minutes = 60;

function role(
  description: string,
  { replicas, requests, memory }: { replicas: number; requests: { cpu: string; memory: string }; memory: string },
) {
  return record(description, {
    replicas: defaulted(whole('How many pods of this role run.', 0, 100), replicas),
    resources: defaulted(resources('Resources of a pod; replaces the default as a whole.'), { requests, limits: { memory } }),
  });
}

const realtime = record('Pods that hold the sockets. How many: spec.replicas and spec.autoscaling.', {
  resources: defaulted(resources('Resources of a pod; replaces the default as a whole.'), {
    requests: { cpu: '200m', memory: '256Mi' },
    limits: { memory: '1Gi' },
  }),
  maxConnections: defaulted(
    whole('Sockets that one pod takes; further ones are answered 503 with a hint to try again.', 1, 1_000_000),
    20_000,
  ),
  fanout: defaulted(
    choice(
      'How messages reach other pods. Routed: only the pods that hold a recipient. StreamsAdapter: every pod reads everything (the stock Socket.IO adapter), for comparison.',
      ['Routed', 'StreamsAdapter'],
    ),
    'Routed',
  ),
});

export const roles = record('The kinds of pods. Each role is a Deployment of its own.', {
  api: defaulted(
    role('Pods that answer REST calls and serve the web app.', {
      replicas: 2,
      requests: { cpu: '100m', memory: '192Mi' },
      memory: '512Mi',
    }),
    {},
  ),
  worker: defaulted(
    role('Pods that do background work; they open no public port.', {
      replicas: 1,
      requests: { cpu: '50m', memory: '128Mi' },
      memory: '512Mi',
    }),
    {},
  ),
  realtime: defaulted(realtime, {}),
});

function direction(
  description: string,
  windowSeconds: number,
  policies: { type: 'Pods' | 'Percent'; value: number; periodSeconds: number }[],
) {
  const policy = record('How much may change in a period.', {
    type: required(choice('Pods: a number of pods. Percent: a share of the present pods.', ['Pods', 'Percent'])),
    value: required(whole('How many pods, or how many percent.', 1, 10_000)),
    periodSeconds: required(whole('The period in seconds.', 1, 30 * minutes)),
  });
  return record(description, {
    stabilizationWindowSeconds: defaulted(
      whole('How far back recommendations are looked at; the most careful one of the window counts.', 0, 60 * minutes),
      windowSeconds,
    ),
    selectPolicy: defaulted(
      choice('Which policy counts when several apply. Disabled: no change in this direction.', ['Max', 'Min', 'Disabled']),
      'Max',
    ),
    policies: defaulted(list('Limits on the speed of change.', policy, { max: 10, min: 1 }), policies),
  });
}

const behavior = record("How fast the number of pods may change; HPA's shape.", {
  scaleUp: defaulted(
    direction('Towards more pods.', 0, [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ]),
    {},
  ),
  scaleDown: defaulted(direction('Towards fewer pods.', 5 * minutes, [{ type: 'Pods', value: 1, periodSeconds: minutes }]), {}),
  tolerancePercent: defaulted(whole('Deviations from a target up to this many percent change nothing.', 0, 50), 10),
});

export const autoscaling = record('How the number of realtime pods follows the load.', {
  engine: defaulted(
    choice(
      'Who decides. Operator: this operator, from the connections and load of the pods. HPA: a HorizontalPodAutoscaler on CPU. KEDA: a ScaledObject. External: something of yours writes to /scale. Disabled: nobody, spec.replicas is obeyed.',
      ['Operator', 'HPA', 'KEDA', 'External', 'Disabled'],
    ),
    'Operator',
  ),
  minReplicas: defaulted(whole('Fewest realtime pods.', 1, 1_000), 2),
  maxReplicas: defaulted(whole('Most realtime pods.', 1, 1_000), 20),
  targets: defaulted(
    record('What one realtime pod should carry; the target that asks for the most pods counts.', {
      connectionsPerPod: defaulted(whole('Sockets per pod.', 1, 1_000_000), 12_000),
      eventLoopUtilizationPercent: defaulted(whole('Busy share of the event loop; for HPA and KEDA, of one core.', 1, 100), 65),
      heapPercent: defaulted(whole("Used share of the JavaScript heap's limit.", 1, 100), 75),
    }),
    {},
  ),
  behavior: defaulted(behavior, {}),
  forecast: defaulted(
    record('Scaling ahead of the load.', {
      enabled: defaulted(
        flag('Count the connections that will arrive while a new pod starts (rate of new sockets times measured start time).'),
        true,
      ),
    }),
    {},
  ),
});

export const rebalance = record('Moves sockets from full pods to new ones after a scale-up.', {
  enabled: defaulted(flag('Whether pods rebalance.'), true),
  tolerancePercent: defaulted(whole('How far above the mean a pod may be before it moves sockets away.', 1, 100), 20),
  maxMovesPerSecondPerPod: defaulted(whole('How many sockets a pod moves away per second at most.', 1, 1_000), 20),
});
