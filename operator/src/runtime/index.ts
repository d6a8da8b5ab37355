export { createClient, type ClientOptions } from './create-client.ts';
export type * from './client-types.ts';
export { systemClock, type Clock } from './clock.ts';
export type { Connection, Credentials } from './connection.ts';
export {
  ownerKeys,
  runController,
  source,
  type ControllerOptions,
  type Reconcile,
  type ReconcileResult,
  type Source,
} from './controller.ts';
export {
  ApiError,
  ConnectionError,
  DeadlineError,
  FencedError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isTooManyRequests,
  isUnauthorized,
  TerminalError,
} from './errors.ts';
export { createEventRecorder, type EventRecorder, type RecordedEvent } from './events.ts';
export { type ClusterSource, openConnection } from './kube-config.ts';
export { type Leadership, type LeaseOptions, runElected } from './lease.ts';
export { type Log, silentLog } from './log.ts';
export { createMetrics, type RuntimeMetrics } from './metrics.ts';
export { startMetricsServer } from './metrics-server.ts';
export {
  controllerOf,
  defineResource,
  keyOf,
  type KubeObject,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  parseKey,
  type Resource,
  type UnknownObject,
} from './object.ts';
export { createQueue, type Queue } from './queue.ts';
export { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
export type { Change, ReadStore } from './store.ts';
