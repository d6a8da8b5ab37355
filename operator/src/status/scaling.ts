import { names } from '@chatcluster/cdk8s/names';
import type { Limit } from '../autoscale/types.ts';
import type { Child } from '../gather/lean.ts';
import { type Finding, no, problemAbout, unknown, type View, yes } from './view.ts';

interface WithConditions {
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

export function autoscalingActive(view: View): Finding {
  const problem = problemAbout(view, 'autoscaling');
  if (problem) return no(problem.reason, problem.message);
  const { spec } = view.observed;
  switch (spec.autoscaling.engine) {
    case 'Disabled':
      return no('Disabled', 'spec.replicas is obeyed; choose another spec.autoscaling.engine to follow the load.');
    case 'External':
      return yes('External', 'Whoever writes to /scale decides; spec.replicas is obeyed.');
    case 'HPA':
      return mirrored(view, 'HorizontalPodAutoscaler', 'ScalingActive');
    case 'KEDA':
      return mirrored(view, 'ScaledObject', 'Ready');
    case 'Operator':
      return operatorActive(view);
    default: {
      const never: never = spec.autoscaling.engine;
      return never;
    }
  }
}

function operatorActive({ observed, recommendation, unexpectedVictims }: View): Finding {
  const { minReplicas, maxReplicas } = observed.spec.autoscaling;
  const hint = `spec.replicas (${observed.spec.replicas}) is only where it starts.`;
  if (unexpectedVictims.length > 0) {
    return yes(
      'UnexpectedVictims',
      `In the last scale-down ${unexpectedVictims.join(', ')} left in the place of a pod with fewer connections.`,
    );
  }
  if (recommendation === undefined) return unknown('NotMeasuredYet', `The load has not been read yet. ${hint}`);
  if (recommendation.missing > 0) {
    return no(
      'MissingData',
      'A ready pod does not tell its load, so no pod is taken away. See that the operator reaches port 9090 of the pods.',
    );
  }
  return yes('Following', `Between ${minReplicas} and ${maxReplicas} pods, by the load of the pods. ${hint}`);
}

function mirrored({ observed }: View, kind: string, type: string): Finding {
  const children = [...observed.children.values()].filter((child) => child.kind === kind);
  const found = findCondition(children, type);
  if (!found) return unknown('NotReported', `The ${kind} has reported nothing yet.`);
  const say = found.status === 'True' ? yes : no;
  return say(found.reason ?? type, found.message ?? '');
}

function findCondition(children: Child[], type: string) {
  return children
    .flatMap((child) => ((child.status ?? {}) as WithConditions).conditions ?? [])
    .find((condition) => condition.type === type);
}

const limits: Record<Limit, string> = {
  TooFewReplicas: 'The load asks for fewer pods than spec.autoscaling.minReplicas.',
  TooManyReplicas: 'The load asks for more pods than spec.autoscaling.maxReplicas: raise it, or expect full pods.',
  ScaleUpLimit: 'The policies of spec.autoscaling.behavior.scaleUp let only so many pods in at once.',
  ScaleDownLimit: 'The policies of spec.autoscaling.behavior.scaleDown let only so many pods go at once.',
  Stabilized: 'The stabilization window of spec.autoscaling.behavior waits for the load to settle.',
  MissingData: 'A ready pod does not tell its load, so no pod is taken away.',
  RollingOut: 'Pods are being replaced, so no pod is taken away.',
};

export function scalingLimited(view: View): Finding {
  const { engine } = view.observed.spec.autoscaling;
  if (engine === 'HPA') {
    const own = mirrored(view, 'HorizontalPodAutoscaler', 'ScalingLimited');
    return own.status === 'Unknown' ? no('NotReported', own.message) : own;
  }
  const limit = engine === 'Operator' ? view.recommendation?.limit : undefined;
  return limit ? yes(limit, limits[limit]) : no('WithinBounds', 'The number of pods is the one that is asked for.');
}

/** For `/scale`; HPA and KEDA find the pods by it. */
export function realtimeSelector({ cluster }: View['observed']): string {
  const { name } = cluster.metadata;
  return `app.kubernetes.io/name=chatcluster,app.kubernetes.io/instance=${name},app.kubernetes.io/component=realtime`;
}

export function realtimeName({ cluster }: View['observed']): string {
  return names(cluster.metadata).realtime;
}
