/** What one realtime pod said, or that it said nothing. */
export interface PodSample {
  name: string;
  isReady: boolean;
  /** Absent: the pod did not answer in time. */
  load?: PodLoad;
}

export interface PodLoad {
  connections: number;
  acceptPerSecond: number;
  /** 0 to 1. */
  eventLoopUtilization: number;
  /** 0 to 1. */
  heapUsedRatio: number;
}

export interface Observation {
  /** What the Deployment asks for now. */
  replicas: number;
  /** Pods that are not going away. */
  pods: PodSample[];
  /** How long a pod takes from its creation until it is ready, measured. */
  podStartSeconds: number;
  /** While pods are being replaced the counts say little: nothing is taken away. */
  isRollingOut: boolean;
}

export interface ScalingPolicy {
  type: 'Pods' | 'Percent';
  value: number;
  periodSeconds: number;
}

/** The shape of HPA's `behavior.scaleUp` and `behavior.scaleDown`. */
export interface ScalingRules {
  stabilizationWindowSeconds: number;
  selectPolicy?: 'Max' | 'Min' | 'Disabled';
  policies: ScalingPolicy[];
}

export interface ScalingSpec {
  minReplicas: number;
  maxReplicas: number;
  targets: { connectionsPerPod?: number; eventLoopUtilizationPercent?: number; heapPercent?: number };
  behavior: { scaleUp: ScalingRules; scaleDown: ScalingRules; tolerancePercent: number };
  forecast: { enabled: boolean };
}

/** What the autoscaler remembers; begins empty, and after a restart nothing is taken away for one window. */
export interface History {
  /** What the signals asked for, before behavior. */
  recommendations: { atMs: number; replicas: number }[];
  /** What was done. */
  changes: { atMs: number; delta: number }[];
}

export type Signal = 'connections' | 'eventLoopUtilization' | 'heap' | 'forecast' | 'none';
export type Limit = 'TooFewReplicas' | 'TooManyReplicas' | 'ScaleUpLimit' | 'ScaleDownLimit' | 'Stabilized' | 'MissingData' | 'RollingOut';

export interface Recommendation {
  desired: number;
  /** Which target asked for the most. */
  signal: Signal;
  /** Why `desired` is not what the signal asked for. */
  limit?: Limit;
  /** What the signal asked for. */
  wanted: number;
  /** Ready pods that did not answer; at least 1 when nobody did. */
  missing: number;
  history: History;
}

export const emptyHistory: History = { recommendations: [], changes: [] };
