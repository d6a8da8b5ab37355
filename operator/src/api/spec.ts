import { check, defaulted, flag, type InputOf, type OutputOf, record, required, whole } from './schema.ts';
import { access, networkPolicy } from './spec-access.ts';
import { backup, database, redis } from './spec-data.ts';
import { podTemplate } from './spec-pods.ts';
import { autoscaling, rebalance, roles } from './spec-scaling.ts';
import { auth, files, image, limits, mail, monitoring, push, retention, shutdown, upgrade, version } from './spec-settings.ts';

/** What the rules below look at; the type of the spec itself is inferred from them. */
interface Defaulted {
  replicas: number;
  autoscaling: { engine: string; minReplicas: number; maxReplicas: number };
  shutdown: { preStopSeconds: number; drainSeconds: number; terminationGracePeriodSeconds: number };
  access: { host?: string };
  auth: { providers: unknown[] };
  mail?: object;
}

/**
 * Rules over several fields with defaults stand here and not at their objects: the API server checks the default `{}` of an
 * object against its rules before it fills in the defaults below.
 *
 * The order is the one of `kubectl explain` and of the reference page.
 */
export const spec = check(
  record('What you want. Everything but database and redis has a default.', {
    version,
    image: defaulted(image, {}),
    replicas: defaulted(
      whole(
        'Realtime pods. Engine Disabled and External: obeyed, also by kubectl scale. HPA and KEDA write it through /scale. Operator: only where it starts.',
        0,
        1_000,
      ),
      2,
    ),
    paused: defaulted(flag('true: observe and report, change nothing.'), false),
    roles: defaulted(roles, {}),
    autoscaling: defaulted(autoscaling, {}),
    rebalance: defaulted(rebalance, {}),
    database: required(database),
    redis: required(redis),
    access: defaulted(access, {}),
    auth: defaulted(auth, {}),
    files,
    mail,
    push,
    limits: defaulted(limits, {}),
    retention: defaulted(retention, {}),
    shutdown: defaulted(shutdown, {}),
    upgrade: defaulted(upgrade, {}),
    backup,
    monitoring: defaulted(monitoring, {}),
    networkPolicy: defaulted(networkPolicy, {}),
    podTemplate: defaulted(podTemplate, {}),
  }),
  {
    rule: "self.replicas > 0 || self.autoscaling.engine in ['Disabled', 'External']",
    holds: (self) => (self as Defaulted).replicas > 0 || ['Disabled', 'External'].includes((self as Defaulted).autoscaling.engine),
    message: 'replicas 0 needs autoscaling.engine Disabled or External: write one of them, or at least 1',
    fieldPath: '.replicas',
  },
  {
    rule: 'self.autoscaling.minReplicas <= self.autoscaling.maxReplicas',
    holds: (self) => (self as Defaulted).autoscaling.minReplicas <= (self as Defaulted).autoscaling.maxReplicas,
    message: 'minReplicas must not be above maxReplicas: lower minReplicas or raise maxReplicas',
    fieldPath: '.autoscaling.minReplicas',
  },
  {
    rule: 'self.shutdown.preStopSeconds + self.shutdown.drainSeconds < self.shutdown.terminationGracePeriodSeconds',
    holds: (self) => {
      const { preStopSeconds, drainSeconds, terminationGracePeriodSeconds } = (self as Defaulted).shutdown;
      return preStopSeconds + drainSeconds < terminationGracePeriodSeconds;
    },
    message:
      'preStopSeconds plus drainSeconds must be below terminationGracePeriodSeconds: raise it, best to ten more than both, or lower drainSeconds',
    fieldPath: '.shutdown.terminationGracePeriodSeconds',
  },
  {
    rule: 'has(self.access.host) || (size(self.auth.providers) == 0 && !has(self.mail))',
    holds: (self) => {
      const { access, auth, mail } = self as Defaulted;
      return access.host !== undefined || (auth.providers.length === 0 && mail === undefined);
    },
    message: 'providers and mails lead people back to the chat: write access.host, such as chat.example.com',
    fieldPath: '.access',
    reason: 'FieldValueRequired',
  },
);

/** As people write it. */
export type ChatClusterSpec = InputOf<typeof spec>;
/** With defaults applied. */
export type ResolvedSpec = OutputOf<typeof spec>;
