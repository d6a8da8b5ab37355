import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import { faultCells } from '../people/witness.ts';
import type { Pool } from '../pool.ts';
import type { Target } from '../target.ts';
import { createKubernetesFaults } from './kubernetes.ts';
import { createLocalFaults, type Inject } from './local.ts';
import type { FaultKind, PlannedFault } from './plan.ts';

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
  /** Shared with the threads. */
  cells: Float64Array;
  signal: AbortSignal;
  say(text: string): void;
}

/** Carries the schedule out; resolves when every fault is mended. Nothing is left frozen when it is stopped early. */
export async function runFaults({ plan, injector, startedAtMs, cells, signal, say }: InjectOptions): Promise<FaultRecord[]> {
  const seconds = (ms: number) => Math.round((ms - startedAtMs) / 10) / 100;
  const one = async (fault: PlannedFault): Promise<FaultRecord | undefined> => {
    await pause(Math.max(0, startedAtMs + fault.atMs - nowMs()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    const record: FaultRecord = { kind: fault.kind, from: seconds(nowMs()), to: 0, target: '' };
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
    record.to = seconds(nowMs());
    say(`${fault.kind} (${record.target}) has ended at ${record.to} s`);
    return record;
  };
  return (await Promise.all(plan.map(one))).filter((record) => record !== undefined);
}
