import { choice, flag, list, type OutputOf, record, required, text, whole } from './schema.ts';

export const conditionTypes = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Available',
  'DatabaseReady',
  'RedisReady',
  'RouteReady',
  'MigrationsApplied',
  'AutoscalingActive',
  'ScalingLimited',
  'BackupHealthy',
  'Degraded',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export const time = (description: string) => ({
  ...text(description, { max: 64 }),
  schema: { type: 'string' as const, format: 'date-time', description },
});

const condition = record('One thing that is true or not.', {
  type: required(text('What it is about.', { max: 316 })),
  status: required(choice('Whether it holds.', ['True', 'False', 'Unknown'])),
  observedGeneration: whole('The generation of the spec that it was found for.', 0, Number.MAX_SAFE_INTEGER),
  lastTransitionTime: required(time('When the status changed last.')),
  reason: required(text('Why, in CamelCase.', { max: 1_024 })),
  message: required(text('Why, and what to do next, for a person.', { max: 32_768, min: 0 })),
});

export const conditions = list('What is true, in the way that kubectl wait, Helm, Flux and Argo CD understand.', condition, {
  max: 30,
  keys: ['type'],
});

const part = record('A part that the chat rests on.', {
  kind: text('Which kind of it is used.', { max: 63 }),
  ready: flag('Whether it answers.'),
  state: text('Its state in a few words.', { max: 256 }),
});

export const status = record('What is.', {
  observedGeneration: whole('The generation of the spec that this status is about.', 0, Number.MAX_SAFE_INTEGER),
  replicas: whole('Realtime pods that exist.', 0, 100_000),
  readyReplicas: whole('Realtime pods that are ready.', 0, 100_000),
  pods: text('Ready and wanted realtime pods, such as 2/3.', { max: 32 }),
  selector: text('Label selector of the realtime pods, for /scale.', { max: 512 }),
  version: text('The release that runs.', { max: 128 }),
  url: text('Where people open the chat.', { max: 512 }),
  connections: whole('Connected sockets, rounded; brought up to date every 30 s at most.', 0, Number.MAX_SAFE_INTEGER),
  autoscaler: record('What the autoscaler thinks.', {
    desired: whole('How many realtime pods it wants.', 0, 100_000),
    signal: text('The target that asks for the most pods.', { max: 256 }),
    lastScaleTime: time('When it changed the number last.'),
  }),
  database: part,
  redis: part,
  migration: record('The migration of the database.', {
    version: text('The release that it belongs to.', { max: 128 }),
    phase: choice('How far it is.', ['Pending', 'Running', 'Succeeded', 'Failed']),
    message: text('What happened.', { max: 1_024, min: 0 }),
    completedAt: time('When it ended.'),
  }),
  rollback: record('The last rollback.', {
    from: text('The release that did not become ready.', { max: 128 }),
    to: text('The release that came back.', { max: 128 }),
    time: time('When.'),
    message: text('Why.', { max: 1_024, min: 0 }),
  }),
  lastBackup: record('The last backup that succeeded.', {
    name: text('Its name.'),
    time: time('When it ended.'),
  }),
  conditions,
});

export type ChatClusterStatus = OutputOf<typeof status>;
export type Condition = OutputOf<typeof condition>;
