import { createRandom, pickInt, type Random } from '../random.ts';
import { LoadError } from '../rest.ts';

/** What can be broken, and how long it lasts by default (seconds; 0: it ends by itself). */
export const faultKinds = {
  'pod-kill': 2,
  'pod-freeze': 15,
  'rolling-restart': 0,
  scale: 10,
  'redis-kill': 2,
  'redis-flush': 0,
  'redis-freeze': 10,
  'postgres-kill': 2,
  'postgres-freeze': 10,
  'clients-drop': 0,
  'clients-half-open': 0,
} as const;
export type FaultKind = keyof typeof faultKinds;

export const isFaultKind = (name: string): name is FaultKind => Object.hasOwn(faultKinds, name);

export interface PlannedFault {
  kind: FaultKind;
  /** Since the load began. */
  atMs: number;
  lastsMs: number;
  /** Which pod, of those there are at that time; a share of clients is taken by the same number. */
  pick: number;
  /** Begins only when everything of the rounds before is mended, however long that takes. */
  round?: number;
}

/** Redis must never be wiped while Postgres is away: the one double fault that may lose queued messages. */
const wipesRedis: readonly FaultKind[] = ['redis-kill', 'redis-flush'];
const hidesPostgres: readonly FaultKind[] = ['postgres-kill', 'postgres-freeze'];
/** After a fault, before a forbidden one may follow. */
export const APART_MS = 10_000;

const endOf = ({ atMs, lastsMs }: PlannedFault) => atMs + lastsMs;

export const mayMeet = (a: FaultKind, b: FaultKind): boolean =>
  !((wipesRedis.includes(a) && hidesPostgres.includes(b)) || (wipesRedis.includes(b) && hidesPostgres.includes(a)));

function isForbiddenPair(a: PlannedFault, b: PlannedFault): boolean {
  return !mayMeet(a.kind, b.kind) && a.atMs < endOf(b) + APART_MS && b.atMs < endOf(a) + APART_MS;
}

export interface PlanOptions {
  /** `pod-kill@10,redis-freeze@30:5`, `pod-kill,clients-drop` (in turn), `random`, `random:3` (three at once), `all`, `jitter`, or nothing. */
  text: string;
  durationMs: number;
  everyMs: number;
  seed: number;
  /** What this target can do. */
  available: readonly FaultKind[];
}

function parseTimed(word: string, random: Random): PlannedFault {
  const [, name = '', at = '', lasts] = /^([a-z-]+)@(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?$/.exec(word) ?? [];
  if (!isFaultKind(name))
    throw new LoadError(`FAULTS: "${word}" is not <fault>@<second>[:<seconds>] with one of ${Object.keys(faultKinds).join(', ')}`);
  return {
    kind: name,
    atMs: Number(at) * 1_000,
    lastsMs: lasts === undefined ? faultKinds[name] * 1_000 : Number(lasts) * 1_000,
    pick: pickInt(random, 2 ** 16),
  };
}

/** One round of faults every so often, until the last would not end in time. */
function planRounds({ durationMs, everyMs }: PlanOptions, random: Random, choose: (round: number) => FaultKind[]): PlannedFault[] {
  const planned: PlannedFault[] = [];
  for (let round = 0; (round + 1) * everyMs < durationMs; round += 1) {
    for (const kind of choose(round)) {
      const fault = {
        kind,
        round,
        atMs: (round + 0.5) * everyMs,
        lastsMs: Math.min(faultKinds[kind] * 1_000, everyMs / 2),
        pick: pickInt(random, 2 ** 16),
      };
      if (!planned.some((other) => isForbiddenPair(fault, other))) planned.push(fault);
    }
  }
  return planned;
}

/** Pure: the same seed and settings give the same schedule. */
export function planFaults(options: PlanOptions): PlannedFault[] {
  const { text, seed, available, durationMs } = options;
  const random = createRandom(seed);
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  const [first = ''] = words;
  const randomCount = /^random(?::(\d+))?$/.exec(first);
  const chosen: FaultKind[] =
    first === 'all' ? [...available] : first === 'jitter' ? ['clients-drop'] : (words.filter((word) => !word.includes('@')) as FaultKind[]);
  if (words.length === 0) return [];
  if (randomCount) {
    const count = Number(randomCount[1] ?? 1);
    return planRounds(options, random, () => drawDistinct(available, count, random));
  }
  for (const kind of chosen)
    if (!available.includes(kind))
      throw new LoadError(`FAULTS: "${kind}" is not possible here; possible: ${available.join(', ')}, random, random:3, all, jitter`);
  const timed = words.filter((word) => word.includes('@')).map((word) => parseTimed(word, random));
  const unknown = timed.find(({ kind }) => !available.includes(kind));
  if (unknown) throw new LoadError(`FAULTS: "${unknown.kind}" is not possible here; possible: ${available.join(', ')}`);
  const rounds = chosen.length > 0 ? planRounds(options, random, (round) => [chosen[round % chosen.length]!]) : [];
  return [...timed, ...rounds].filter(({ atMs }) => atMs < durationMs).sort((a, b) => a.atMs - b.atMs);
}

/** Those that may not meet never come in one round, so that a round has as many as asked for. */
function drawDistinct(from: readonly FaultKind[], count: number, random: Random): FaultKind[] {
  const drawn: FaultKind[] = [];
  while (drawn.length < count) {
    const left = from.filter((kind) => !drawn.includes(kind) && drawn.every((other) => mayMeet(kind, other)));
    if (left.length === 0) break;
    drawn.push(left[pickInt(random, left.length)]!);
  }
  return drawn;
}
