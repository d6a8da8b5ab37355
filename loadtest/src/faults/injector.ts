import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import { faultCells } from '../people/witness.ts';
import type { Pool } from '../pool.ts';
import type { Target } from '../target.ts';
import { createKubernetesFaults } from './kubernetes.ts';
import { createLocalFaults, type Inject } from './local.ts';
import { APART_MS, type FaultKind, mayMeet, type PlannedFault } from './plan.ts';

export interface FaultRecord {
  kind: FaultKind;
  /** Seconds since the load began. */
  from: number;
  /** When it was mended; the end of the run when that came first. */
  to: number;
  /** What was hit. */
  target: string;
  error?: string;
}

export interface Injector {
  available: FaultKind[];
  inject: Inject;
}

const clientFaults = { 'clients-drop': 'drop', 'clients-half-open': 'silent' } as const;
const CLIENT_SHARE = 0.1;

export function createInjector({ local, kubernetes }: Target, pool: () => Pool): Injector {
  const server = local ? createLocalFaults(local.file) : kubernetes && createKubernetesFaults(kubernetes);
  return {
    available: [...(server?.available ?? []), 'clients-drop', 'clients-half-open'],
    async inject(fault, signal) {
      if (fault.kind !== 'clients-drop' && fault.kind !== 'clients-half-open') return (await server?.inject(fault, signal)) ?? '';
      await pool().all('fault', { kind: clientFaults[fault.kind], share: CLIENT_SHARE });
      return `${CLIENT_SHARE * 100} % of the clients`;
    },
  };
}

export interface InjectOptions {
  plan: readonly PlannedFault[];
  injector: Injector;
  startedAtMs: number;
  /** Nothing begins after the load. */
  durationMs: number;
  /** Shared with the threads. */
  cells: Float64Array;
  signal: AbortSignal;
  say(text: string): void;
}

const GATE_MS = 100;

/**
 * What is under way, and what has just ended: a restart may take longer than planned, and even then Redis is not wiped while
 * Postgres is away.
 */
class Gate {
  readonly #busy = new Map<PlannedFault, number>();

  enter(fault: PlannedFault): void {
    this.#busy.set(fault, Number.POSITIVE_INFINITY);
  }

  leave(fault: PlannedFault): void {
    this.#busy.set(fault, nowMs() + APART_MS);
  }

  isOpenFor({ kind }: PlannedFault): boolean {
    const now = nowMs();
    return [...this.#busy].every(([other, untilMs]) => untilMs <= now || mayMeet(kind, other.kind));
  }
}

/** Carries the schedule out; resolves when every fault is mended. Nothing is left frozen when it is stopped early. */
export async function runFaults(options: InjectOptions): Promise<FaultRecord[]> {
  const { plan, startedAtMs, durationMs, signal, say } = options;
  const gate = new Gate();
  const running: { round: number; done: Promise<FaultRecord | undefined> }[] = [];
  const sleep = (ms: number) => pause(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
  const one = async (fault: PlannedFault): Promise<FaultRecord | undefined> => {
    const { round } = fault;
    const before = round === undefined ? [] : running.filter((other) => other.round < round);
    await sleep(startedAtMs + fault.atMs - nowMs());
    await Promise.all(before.map(({ done }) => done));
    while (!signal.aborted && !gate.isOpenFor(fault)) await sleep(GATE_MS);
    if (signal.aborted) return undefined;
    if (nowMs() > startedAtMs + durationMs) {
      say(`${fault.kind} is left out: what came before took too long`);
      return undefined;
    }
    gate.enter(fault);
    try {
      return await breakOnce(fault, options);
    } finally {
      gate.leave(fault);
    }
  };
  for (const fault of plan) running.push({ round: fault.round ?? -1, done: one(fault) });
  return (await Promise.all(running.map(({ done }) => done))).filter((record) => record !== undefined);
}

async function breakOnce(fault: PlannedFault, { injector, startedAtMs, cells, signal, say }: InjectOptions): Promise<FaultRecord> {
  const seconds = () => Math.round((nowMs() - startedAtMs) / 10) / 100;
  const record: FaultRecord = { kind: fault.kind, from: seconds(), to: 0, target: '' };
  say(`fault at ${record.from} s: ${fault.kind}`);
  cells[faultCells.active]! += 1;
  try {
    record.target = await injector.inject(fault, signal);
  } catch (error) {
    record.error = (error as Error).message;
    say(`${fault.kind} did not work: ${record.error}`);
  } finally {
    cells[faultCells.active]! -= 1;
    cells[faultCells.endedAtMs] = nowMs();
  }
  record.to = seconds();
  say(`${fault.kind}${record.target && ` (${record.target})`} has ended at ${record.to} s`);
  return record;
}
