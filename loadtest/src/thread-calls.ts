import type { AckColumns, AckRecord, Reference } from './oracle/acks.ts';
import type { JournalLine } from './oracle/journal.ts';
import type { VerdictPart } from './oracle/verdict.ts';
import type { Account, Talk } from './people/account.ts';
import type { LoadPlan } from './people/crowd.ts';
import type { Plant } from './people/feed.ts';
import type { Reading } from './meters.ts';

/** What a thread is started with. */
export interface ThreadData {
  accounts: Account[];
  talks: Talk[];
  urls: string[];
  seed: number;
  journalLines: number;
  /** Cells of `faultCells`, shared. */
  faults: Float64Array;
  /** Cells of `AckTimes`, shared. */
  ackTimes: SharedArrayBuffer;
  plant?: Plant;
}

export interface ThreadState {
  people: number;
  live: number;
  caughtUp: number;
  /** Messages not yet acknowledged. */
  unsent: number;
}

export interface ThreadReading extends Reading, ThreadState {
  atMs: number;
  /** Our clients by pod. */
  byPod: Record<string, number>;
  /** Findings so far. */
  wrong: number;
  /** How late the thread's own timers were at worst in this second: a busy generator measures itself. */
  loopLagMs: number;
}

export interface Story {
  ack?: AckRecord;
  pods: string[];
  lines: JournalLine[];
  forgotBeforeMs: number;
}

export interface ClientFault {
  kind: 'drop' | 'silent';
  share: number;
}

export interface ThreadCalls {
  connect(request: { perSecond: number }): void;
  state(): ThreadState;
  start(plan: LoadPlan): void;
  stop(): void;
  fault(fault: ClientFault): number;
  /** As they are now: short-lived ones are refreshed by the people themselves. */
  tokens(): Promise<{ user: number; token: string }[]>;
  acks(): { columns: AckColumns; queued: AckRecord[]; pods: string[] };
  /** Slots that still miss something acknowledged. */
  behind(reference: Reference): number;
  /** Those who miss something ask again; gives how many messages came only then. */
  ask(reference: Reference): Promise<number>;
  judge(reference: Reference): VerdictPart;
  story(about: { conversation: number; seq: number; users: number[] }): Story;
  refusals(): Record<string, number>;
  end(): void;
}

export type CallName = keyof ThreadCalls;
export type CallArgument<N extends CallName> = Parameters<ThreadCalls[N]>[0];
export type CallResult<N extends CallName> = Awaited<ReturnType<ThreadCalls[N]>>;

export type ToThread = { id: number; name: CallName; argument: unknown };
export type FromThread = { id: number; value?: unknown; error?: string } | { reading: ThreadReading } | { isReady: true };
