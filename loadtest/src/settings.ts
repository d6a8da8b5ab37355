import { LoadError } from './rest.ts';

export type Env = Record<string, string | undefined>;

export interface Settings {
  users: number;
  /** Of the measured part. */
  durationMs: number;
  mode: 'open' | 'closed';
  messagesPerSecond: number;
  paceMs: number;
  accounts: 'guests' | 'registered';
  workers: number;
  connectsPerSecond: number;
  sessionMs: number;
  awayMs: number;
  /** At least 2, so that nobody has nobody to write to. */
  directsPerUser: number;
  groups: number;
  groupMaxMembers: number;
  channels: number;
  channelMaxMembers: number;
  /** What is to go wrong: see `faults/plan.ts`. */
  faults: string;
  faultEveryMs: number;
  seed: number;
  settleMs: number;
  journalLines: number;
  /** Deliveries over the limit also fail the run. */
  isLateWrong: boolean;
  /** Where clients connect: to the load balancer, or to every pod. */
  via: 'front' | 'pods';
  /** Whether growth of memory, descriptors, Redis and Postgres fails the run. */
  isSoak: boolean;
  outDir: string | undefined;
  compareFile: string | undefined;
}

/** What an office of that many people writes on a working day. */
const MESSAGES_PER_SECOND_AND_THOUSAND = 3.3;
const USERS_PER_WORKER = 2_500;

function number(env: Env, name: string, fallback: number, { least = 0, most = 1e9 } = {}): number {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const value = Number(raw);
  if (!Number.isFinite(value) || value < least || value > most)
    throw new LoadError(`${name}="${raw}" must be a number from ${least} to ${most}`);
  return value;
}

function oneOf<T extends string>(env: Env, name: string, values: readonly [T, ...T[]]): T {
  const raw = env[name] || values[0];
  const found = values.find((value) => value === raw);
  if (!found) throw new LoadError(`${name}="${raw}" must be one of ${values.join(', ')}`);
  return found;
}

/**
 * In turn; nothing that restarts a pod, since a new process says nothing about the growth of the old one. A FLUSHALL would
 * hide what piles up in Redis.
 */
const SOAK_FAULTS = 'clients-drop,postgres-freeze,clients-half-open,redis-freeze,pod-freeze,postgres-kill,redis-kill';

/**
 * `SOAK=<minutes>` is a long load with people who come and go, and the faults above; each can still be set. At 20 messages a second a pod
 * takes hours to fill what it keeps of recent entries, and V8 as long to look through old objects (docs/benchmarks/soak.md).
 */
function soakDefaults(env: Env): Env {
  if (!env.SOAK) return env;
  const minutes = number(env, 'SOAK', 0, { least: 3 });
  return { DURATION: `${minutes * 60}`, FAULTS: SOAK_FAULTS, FAULT_EVERY: '60', SESSION: '60', AWAY: '5', RATE: '100', ...env };
}

/** Pure; throws an error that names the variable. `cores` decides how many threads pay. */
export function parseSettings(given: Env, { cores, seed }: { cores: number; seed: number }): Settings {
  const env = soakDefaults(given);
  const users = Math.round(number(env, 'USERS', 200, { least: 2, most: 200_000 }));
  const workers = Math.max(1, Math.min(cores - 1, Math.ceil(users / USERS_PER_WORKER)));
  return {
    users,
    durationMs: number(env, 'DURATION', 60, { least: 1 }) * 1_000,
    mode: oneOf(env, 'MODE', ['open', 'closed']),
    messagesPerSecond: number(env, 'RATE', (users * MESSAGES_PER_SECOND_AND_THOUSAND) / 1_000),
    paceMs: number(env, 'PACE', 0) * 1_000,
    accounts: oneOf(env, 'ACCOUNTS', ['guests', 'registered']),
    workers: Math.round(number(env, 'WORKERS', workers, { least: 1, most: 64 })),
    connectsPerSecond: number(env, 'CONNECTS', 200, { least: 1 }),
    sessionMs: number(env, 'SESSION', 300) * 1_000,
    awayMs: number(env, 'AWAY', 15) * 1_000,
    directsPerUser: number(env, 'DIRECTS', 4, { least: 2, most: 200 }),
    groups: Math.round(number(env, 'GROUPS', Math.ceil(users / 5), { most: 100_000 })),
    groupMaxMembers: number(env, 'GROUP_MEMBERS', 30, { least: 3, most: 1_000 }),
    channels: Math.round(number(env, 'CHANNELS', Math.max(1, Math.round(users / 250)), { most: 10_000 })),
    channelMaxMembers: number(env, 'CHANNEL_MEMBERS', 500, { least: 2, most: 1_000 }),
    faults: env.FAULTS ?? '',
    faultEveryMs: number(env, 'FAULT_EVERY', 20, { least: 1 }) * 1_000,
    seed: Math.round(number(env, 'SEED', seed, { most: 2 ** 32 - 1 })),
    settleMs: number(env, 'SETTLE', 60, { least: 1 }) * 1_000,
    journalLines: number(env, 'JOURNAL', 500_000, { least: 1_000 }),
    isLateWrong: oneOf(env, 'LATE', ['report', 'fail']) === 'fail',
    via: oneOf(env, 'VIA', ['front', 'pods']),
    isSoak: Boolean(env.SOAK),
    outDir: env.OUT || undefined,
    compareFile: env.COMPARE || undefined,
  };
}
