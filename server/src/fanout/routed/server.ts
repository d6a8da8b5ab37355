import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import type { LeaseFigures } from '../../lifecycle/figures.ts';
import type { ChatRedis } from '../redis.ts';
import { createReader, type Fields, type InboxReader } from './reader.ts';

const LEASE_MS = 5_000;
const CHUNK = 500;

/** What a pod says of itself with each heartbeat. */
export interface Lease {
  version: string;
  connections: number;
  /** Whether it takes sockets: no worker, no api pod, not draining. */
  takesSockets: boolean;
  postgres: boolean;
  /** Its load, for the administration page; a pod of an earlier release leaves it out. */
  figures?: LeaseFigures;
}

/** What a heartbeat tells of this pod's inbox. */
interface Beat {
  lapsed: boolean;
  counter: number;
  epoch: string;
  volatileId: string;
  /** Counter of the newest entry that is there. */
  newest: number;
}

export interface ServerDeps {
  redis: ChatRedis;
  podId: string;
  log: Logger;
  lease(): Lease;
  /** Users and large conversations that must have a route to this pod. */
  users(): Iterable<string>;
  conversations(): Iterable<string>;
  onEntry(fields: Fields): void;
  onVolatile(fields: Fields): void;
  /** Routes may have been lost; from the next entry on something may be missing. */
  onRecovering(): void;
  /** What new entries wait for. */
  caughtUp(): Promise<unknown> | undefined;
  /** Routes stand again after they may have been lost; what was missed is to be found now. A failure repeats the recovery. */
  onRecovered(): Promise<void>;
  /** @default 1000 */
  heartbeatMs?: number;
}

/**
 * This pod on one Redis server.
 *
 *   recovering  entered at the start, on a gap, another epoch, a lapsed lease, a reconnect, a failed registration.
 *               Loads the library, takes the lease, registers all routes, then lets the owner close the gap.
 *   steady      heartbeats; the reader follows the inbox.
 *   away        heartbeats fail. The next one that succeeds tells whether anything was lost meanwhile; a Redis that was only
 *               slow has kept lease, epoch and inbox, and to recover from nothing would deliver everything again.
 */
export class RoutedServer implements AsyncDisposable {
  readonly redis: ChatRedis;
  readonly #deps: ServerDeps;
  readonly #reader: InboxReader;
  readonly #abort = new AbortController();
  #running: Promise<unknown> | undefined;
  #recovering: Promise<void> | undefined;
  #needsRecovery = true;
  #isAway = false;
  #epoch = '';
  #told: Lease | undefined;
  readonly #undone = new Map<string, () => Promise<unknown>>();

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    this.redis = deps.redis;
    this.#reader = createReader({ ...deps, onGap: () => this.#recover('gap') });
    deps.redis.onReconnect(() => this.#recover('reconnect'));
  }

  /** The lease that the last heartbeat left on this server; undefined when it did not get there. */
  get told(): Lease | undefined {
    return this.#told;
  }

  get reader(): InboxReader {
    return this.#reader;
  }

  isHealthy(): boolean {
    return !this.#needsRecovery && !this.#isAway && this.redis.isUsable();
  }

  async start(): Promise<void> {
    await this.#recover('start');
    this.#running = Promise.all([this.#reader.run(this.#abort.signal), this.#heartbeats()]);
  }

  /** A registration that fails is made good by a recovery, which registers everything. */
  async register(kind: 'attach' | 'join', ids: string[]): Promise<void> {
    try {
      await this.#chunked(kind, [this.#deps.podId], ids);
    } catch (error) {
      this.#deps.log.debug({ err: error, kind }, 'route could not be registered');
      this.#needsRecovery = true;
    }
  }

  /** A failed removal is repeated with the heartbeats, unless the id has come back meanwhile. */
  async unregister(
    kind: 'detach' | 'leave',
    ids: string[],
    isBack: (id: string) => boolean,
    args: (string | number)[] = [],
  ): Promise<void> {
    const gone = ids.filter((id) => !isBack(id));
    try {
      await this.#chunked(kind, [this.#deps.podId, ...args], gone);
    } catch (error) {
      this.#deps.log.debug({ err: error, kind }, 'route could not be removed yet');
      for (const id of gone) this.#undone.set(`${kind} ${id}`, () => this.unregister(kind, [id], isBack, args));
    }
  }

  /** Compares counter and epoch with what was read. True: nothing is missing up to the moment of the call. */
  async check(): Promise<boolean> {
    return this.#beat();
  }

  async #chunked(name: string, args: (string | number)[], ids: string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += CHUNK) await this.redis.call(name, [...args, ...ids.slice(i, i + CHUNK)]);
  }

  async #heartbeats(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await wait(this.#deps.heartbeatMs ?? 1_000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#beat();
    }
  }

  async #beat(): Promise<boolean> {
    try {
      const { seen } = this.#reader;
      const beat = await this.#heartbeat();
      this.#isAway = false;
      if (this.#isLost(beat, seen)) this.#needsRecovery = true;
      if (this.#needsRecovery) await this.#recover('heartbeat');
      else await this.#housekeeping();
      if (this.#needsRecovery) return false;
      return this.#reader.seen >= beat.counter;
    } catch (error) {
      this.#isAway = true;
      this.#deps.log.debug({ err: error }, 'heartbeat failed');
      return false;
    }
  }

  /** A reader that is merely behind under load has lost nothing: what is counted is in the inbox, and it comes. */
  #isLost({ lapsed, counter, epoch, newest }: Beat, seenBefore: number): boolean {
    const isCountedButGone = counter > this.#reader.seen && newest < counter;
    // Compared with what was read before the question: while the answer was on its way the reader went on.
    return lapsed || epoch !== this.#epoch || counter < seenBefore || isCountedButGone;
  }

  async #heartbeat(): Promise<Beat> {
    const lease = this.#deps.lease();
    this.#told = undefined;
    const reply = await this.redis.call('heartbeat', [this.#deps.podId, LEASE_MS, JSON.stringify(lease)], {
      timeoutMs: 1_000,
      probe: true,
    });
    this.#told = lease;
    const [lapsed, counter, epoch, volatileId, newest] = reply as [number, number, string, string, number];
    return { lapsed: lapsed === 1, counter, epoch, volatileId, newest };
  }

  async #housekeeping(): Promise<void> {
    const undone = [...this.#undone.values()];
    this.#undone.clear();
    for (const repeat of undone) await repeat();
    await this.redis.call('trim', [this.#deps.podId, this.#reader.seen]);
    await this.redis.call('reap', [1_000_000]);
  }

  #recover(reason: string): Promise<void> {
    this.#needsRecovery = true;
    this.#recovering ??= this.#recoverOnce(reason).finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #recoverOnce(reason: string): Promise<void> {
    const { log, podId } = this.#deps;
    if (this.#abort.signal.aborted) return;
    try {
      await this.redis.load();
      const { counter, epoch, volatileId } = await this.#heartbeat();
      this.#isAway = false;
      this.#needsRecovery = false;
      this.#deps.onRecovering();
      this.#reader.moveTo(counter, volatileId);
      await this.#chunked('attach', [podId], [...this.#deps.users()]);
      await this.#chunked('join', [podId], [...this.#deps.conversations()]);
      await this.#deps.onRecovered();
      this.#epoch = epoch;
      log.info({ reason }, 'routes registered');
    } catch (error) {
      this.#needsRecovery = true;
      log.warn({ err: error, reason }, 'routes could not be registered; the tail of postgres carries entries');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#recovering;
    if (this.redis.isUsable()) {
      await this.redis
        .call('goodbye', [this.#deps.podId])
        .catch((error: unknown) => this.#deps.log.debug({ err: error }, 'lease left to expire'));
    }
    await this.#reader[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await this.#running;
  }
}
