import { setTimeout as pause } from 'node:timers/promises';
import type { ChangesPage, Entry, SyncPage } from '@chatcluster/protocol';
import { GAP_HOLD_MS, SYNC_MAX_CONVERSATIONS } from '@chatcluster/protocol/limits';
import { nowMs } from '../clock.ts';
import type { Meters } from '../meters.ts';
import type { Arrival } from '../oracle/journal.ts';
import type { Connection } from '../wire/connection.ts';
import { readEntry, type WireEntries, type WireEntry } from '../wire/packets.ts';
import type { Talk } from './account.ts';
import { Inbox } from './inbox.ts';
import type { Witness } from './witness.ts';

const RETRY_MS = 500;

/** A connection that got its `session:ready`. */
export interface Line {
  connection: Connection;
  podId: string;
  connectedAtMs: number;
}

/** A defect of the client on purpose, to show that the oracle sees it; `after` so many entries of this person. */
export interface Plant {
  user: number;
  after: number;
  /** frame: a packet is lost (the client rule repairs that); swallow: taken but not applied; double: applied twice. */
  what: 'frame' | 'swallow' | 'double';
}

export interface FeedOptions {
  user: number;
  userId: string;
  talks: readonly Talk[];
  /** This person's slots, by conversation id. */
  slotOf: ReadonlyMap<string, number>;
  witness: Witness;
  meters: Meters;
  plant?: Plant;
}

interface Box {
  slot: number;
  inbox: Inbox<WireEntry>;
  /** Highest seq that this socket brought. */
  highest: number;
}

/** How an entry comes in. */
interface Coming {
  line: Line;
  isLive: boolean;
  planted?: Plant['what'];
}

/** One person's conversations: what comes in is put in order by the client rule, gaps are closed with `sync`. */
export class Feed {
  /** Told when something was applied live. */
  onApplied: (slot: number) => void = () => undefined;
  readonly #options: FeedOptions;
  readonly #boxes = new Map<string, Box>();
  readonly #ids: string[] = [];
  #line: Line | undefined;
  #since: string | undefined;
  /** Told of by `changes` up to `#since`, and not yet brought by `sync`: a connection may end in between. */
  readonly #behind = new Set<string>();
  #holdTimer: NodeJS.Timeout | undefined;
  #seen = 0;
  #isCaughtUp = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { slots } = options.witness.deliveries;
    for (const [id, slot] of options.slotOf) this.#boxes.set(id, { slot, inbox: new Inbox(slots[slot]!.from), highest: 0 });
    this.#ids = [...this.#boxes.keys()];
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  cursor(conversationId: string): number {
    return this.#boxes.get(conversationId)?.inbox.cursor ?? 0;
  }

  opened(line: Line): void {
    this.#line = line;
    for (const box of this.#boxes.values()) box.highest = 0;
    void this.catchUp();
  }

  closed(): void {
    this.#line = undefined;
    this.#isCaughtUp = false;
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  live({ conversationId, entries }: WireEntries): void {
    const box = this.#boxes.get(conversationId);
    const line = this.#line;
    if (!box || !line) return;
    const planted = this.#planted(entries.length);
    if (planted === 'frame') return;
    for (const entry of entries) this.#take(box, entry, { line, isLive: true, planted });
    if (box.inbox.hasHeld) this.#holdTimer ??= setTimeout(() => this.#afterHold(), GAP_HOLD_MS);
  }

  /** `changes`, then `sync` for what moved; repeated until both worked once on this connection. */
  async catchUp(): Promise<void> {
    const line = this.#line;
    if (!line) return;
    const startedAtMs = nowMs();
    while (this.#line === line) {
      if ((await this.#changes(line)) && (await this.#syncBehind())) {
        this.#isCaughtUp = true;
        this.#options.meters.time('catchUp', nowMs() - startedAtMs);
        return;
      }
      await pause(RETRY_MS * (0.5 + Math.random()));
    }
  }

  /** The periodic check of a client: asks for what comes after every cursor, or after those named. */
  async sync(ids: readonly string[] = this.#ids): Promise<boolean> {
    for (let at = 0; at < ids.length; at += SYNC_MAX_CONVERSATIONS) {
      if (!(await this.#syncSome(ids.slice(at, at + SYNC_MAX_CONVERSATIONS)))) return false;
    }
    return true;
  }

  async #changes(line: Line): Promise<boolean> {
    let since = this.#since;
    for (let more = true; more; ) {
      const answer = await line.connection.call<ChangesPage>('changes', since === undefined ? {} : { since });
      if (!answer?.ok || line !== this.#line) return false;
      for (const { id, lastSeq } of answer.data.conversations) if (this.cursor(id) < lastSeq && this.#boxes.has(id)) this.#behind.add(id);
      ({ more, next: since } = answer.data);
    }
    this.#since = since;
    return true;
  }

  async #syncBehind(): Promise<boolean> {
    const asked = [...this.#behind];
    const isDone = await this.sync(asked);
    if (isDone) for (const id of asked) this.#behind.delete(id);
    return isDone;
  }

  async #syncSome(ids: readonly string[]): Promise<boolean> {
    const line = this.#line;
    for (let more = ids.length > 0; more; ) {
      const cursors = Object.fromEntries(ids.map((id) => [id, this.cursor(id)]));
      const answer = await line?.connection.call<SyncPage>('sync', { cursors });
      if (!line || !answer?.ok || line !== this.#line) return false;
      this.#applyPage(answer.data, line);
      ({ more } = answer.data);
    }
    return true;
  }

  #applyPage({ entries, limited }: SyncPage, line: Line): void {
    for (const [id, { to }] of Object.entries(limited)) {
      const box = this.#boxes.get(id);
      box?.inbox.skipTo(to);
      if (box) this.#options.witness.deliveries.skipped(box.slot, to);
    }
    for (const [id, list] of Object.entries(entries)) {
      const box = this.#boxes.get(id);
      if (box) for (const entry of list) this.#take(box, readEntry(entry as Entry & { data: { body?: string } }), { line, isLive: false });
    }
  }

  #take(box: Box, entry: WireEntry, { line, isLive, planted }: Coming): void {
    const outcome = box.inbox.take(entry);
    if (isLive) this.#countWire(box, entry.seq, outcome);
    const ending = { applied: 'applied', held: 'held for an earlier one', known: 'known already' } as const;
    if (planted !== 'swallow') this.#saw(box, entry, `${isLive ? 'live' : 'by sync'}, ${ending[outcome]}`, line);
    if (planted === 'double') this.#saw(box, entry, 'live, applied', line);
    if (outcome !== 'applied') return;
    for (let next = box.inbox.next(); next; next = box.inbox.next()) this.#saw(box, next, 'applied after having been held', line);
    if (isLive) this.onApplied(box.slot);
  }

  #saw({ slot }: Box, entry: WireEntry, how: Arrival, { podId, connectedAtMs }: Line): void {
    const { witness, userId } = this.#options;
    witness.saw({ slot, entry, how, podId, connectedAtMs });
    if (entry.actorId === userId) witness.cameBack(slot, entry);
  }

  #afterHold(): void {
    this.#holdTimer = undefined;
    const waiting = [...this.#boxes].filter(([, { inbox }]) => inbox.hasHeld).map(([id]) => id);
    if (waiting.length === 0 || !this.#line) return;
    this.sync(waiting).then((isDone) => {
      // Refused or lost on the way: what is held is still held, so it is asked for again.
      if (!isDone && this.#line) this.#holdTimer ??= setTimeout(() => this.#afterHold(), GAP_HOLD_MS);
    });
  }

  #countWire(box: Box, seq: number, outcome: 'applied' | 'held' | 'known'): void {
    const { counters } = this.#options.meters;
    if (seq <= box.highest) counters[outcome === 'known' ? 'repeated' : 'misordered'] += 1;
    else if (box.highest > 0 && seq > box.highest + 1) counters.gaps += 1;
    if (seq > box.highest) box.highest = seq;
  }

  #planted(count: number): Plant['what'] | undefined {
    const { plant, user } = this.#options;
    if (plant?.user !== user) return undefined;
    const before = this.#seen;
    this.#seen += count;
    return before < plant.after && this.#seen >= plant.after ? plant.what : undefined;
  }
}
