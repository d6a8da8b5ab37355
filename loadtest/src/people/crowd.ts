import { nowMs } from '../clock.ts';
import type { Meters } from '../meters.ts';
import { createZipf, logNormal, pickInt, type Random } from '../random.ts';
import type { Talk } from './account.ts';
import type { Person } from './person.ts';
import { createArrivals, nextTurn } from './schedule.ts';

const TICK_MS = 5;
const SWEEP_MS = 1_000;
const BUSY_CHECK_MS = 1_000;
const HISTORY_LIMIT = 50;

export interface LoadPlan {
  mode: 'open' | 'closed';
  /** Of this thread; in a closed loop it only says how often people do other things. */
  messagesPerSecond: number;
  /** Closed loop: a person's time from one message to the next; 0: sends as soon as it has the answer. */
  paceMs: number;
  /** How often people do other things, per message. */
  switchesPerMessage: number;
  typingPerMessage: number;
  /** Median lengths; 0: nobody leaves. */
  sessionMs: number;
  awayMs: number;
}

export interface CrowdOptions {
  persons: Person[];
  talks: readonly Talk[];
  /** Slot of a person in a conversation. */
  slotOf(person: Person, conversationId: string): number;
  random: Random;
  meters: Meters;
}

/** Decides what the people of one thread do, and when. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #zipfs = new Map<number, (random: Random) => number>();
  readonly #dirty = new Set<Person>();
  readonly #idle = new Set<Person>();
  readonly #timers = new Map<Person, NodeJS.Timeout>();
  #plan: LoadPlan | undefined;
  #tick: NodeJS.Timeout | undefined;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: CrowdOptions) {
    this.#options = options;
    for (const person of options.persons) person.feed.onApplied = (slot) => this.#onApplied(person, slot);
    this.#sweep = setInterval(() => this.#sweepAll(), SWEEP_MS);
  }

  /** Everybody comes online, so many a second. */
  connect(perSecond: number): void {
    this.#options.persons.forEach((person, i) => {
      this.#later(person, (i / perSecond) * 1_000, () => person.goOnline());
    });
  }

  start(plan: LoadPlan): void {
    const { persons, random } = this.#options;
    this.#plan = plan;
    const now = nowMs();
    if (plan.sessionMs > 0) for (const person of persons) this.#endLater(person, plan);
    if (plan.mode === 'closed') for (const person of persons) this.#turn(person, plan.paceMs > 0 ? now + random() * plan.paceMs : now);
    const rate = plan.messagesPerSecond;
    const sends = createArrivals(plan.mode === 'open' ? rate : 0, now, random);
    const actions = [
      { arrivals: sends, run: (atMs: number) => this.#send(this.#someone(), atMs) },
      { arrivals: createArrivals(rate * plan.switchesPerMessage, now, random), run: () => void this.#switch(this.#someone()) },
      { arrivals: createArrivals(rate * plan.typingPerMessage, now, random), run: () => void this.#type(this.#someone()) },
    ];
    this.#tick = setInterval(() => {
      const at = nowMs();
      for (const { arrivals, run } of actions) for (const intended of arrivals(at)) run(intended);
    }, TICK_MS);
  }

  /** No new messages; everybody comes back, to get what they missed. */
  stop(): void {
    this.#plan = undefined;
    clearInterval(this.#tick);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const person of this.#options.persons) person.goOnline();
  }

  close(): void {
    clearInterval(this.#sweep);
    clearInterval(this.#tick);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const person of this.#options.persons) person.close();
  }

  #later(person: Person, ms: number, work: () => void): void {
    clearTimeout(this.#timers.get(person));
    this.#timers.set(person, setTimeout(work, ms));
  }

  #endLater(person: Person, plan: LoadPlan): void {
    this.#later(person, logNormal(this.#options.random, plan.sessionMs), () => this.#end(person, plan));
  }

  /** Nobody closes the page while a message of theirs is still on its way. */
  #end(person: Person, plan: LoadPlan): void {
    if (person.sender.size > 0) return this.#later(person, BUSY_CHECK_MS, () => this.#end(person, plan));
    person.goOffline();
    this.#later(person, logNormal(this.#options.random, plan.awayMs), () => {
      person.goOnline();
      this.#endLater(person, plan);
    });
  }

  #someone(): Person {
    const { persons, random } = this.#options;
    for (let tries = 0; tries < 20; tries += 1) {
      const person = persons[pickInt(random, persons.length)]!;
      if (person.isWanted) return person;
    }
    return persons[0]!;
  }

  #conversation(person: Person): number {
    const count = person.account.conversations.length;
    const zipf = this.#zipfs.get(count) ?? createZipf(count);
    this.#zipfs.set(count, zipf);
    return zipf(this.#options.random);
  }

  #talk(person: Person, place: number): Talk {
    return this.#options.talks[person.account.conversations[place]!]!;
  }

  #send(person: Person, intendedAtMs: number, done?: () => void): void {
    const { id } = this.#talk(person, this.#conversation(person));
    person.sender.send({ slot: this.#options.slotOf(person, id), conversationId: id, intendedAtMs, done });
  }

  #turn(person: Person, intendedAtMs: number): void {
    const plan = this.#plan;
    if (!plan) return;
    if (!person.isWanted) return void this.#idle.add(person);
    const send = () =>
      this.#plan && this.#send(person, intendedAtMs, () => this.#turn(person, nextTurn(intendedAtMs, plan.paceMs, nowMs())));
    const waitMs = intendedAtMs - nowMs();
    if (waitMs > 0) setTimeout(send, waitMs);
    else queueMicrotask(send);
  }

  async #switch(person: Person): Promise<void> {
    const { meters } = this.#options;
    const connection = person.line?.connection;
    if (!connection) return;
    person.open = this.#conversation(person);
    meters.counters.switches += 1;
    const startedAtMs = nowMs();
    const answer = await connection.call('history', { conversationId: this.#talk(person, person.open).id, limit: HISTORY_LIMIT });
    if (answer?.ok) meters.time('history', nowMs() - startedAtMs);
    this.#dirty.add(person);
  }

  async #type(person: Person): Promise<void> {
    if (!person.line) return;
    this.#options.meters.counters.typing += 1;
    await person.line.connection.call('typing', { conversationId: this.#talk(person, person.open).id, on: true });
  }

  #onApplied(person: Person, slot: number): void {
    if (this.#options.slotOf(person, this.#talk(person, person.open).id) === slot) this.#dirty.add(person);
  }

  #sweepAll(): void {
    const now = nowMs();
    for (const person of this.#options.persons) person.sweep(now);
    for (const person of this.#dirty) this.#read(person);
    this.#dirty.clear();
    for (const person of this.#idle) {
      if (!person.isWanted) continue;
      this.#idle.delete(person);
      this.#turn(person, now);
    }
  }

  /** What is on the screen has been read. */
  #read(person: Person): void {
    const { id } = this.#talk(person, person.open);
    const read = person.feed.cursor(id);
    if (!person.line || read === 0) return;
    this.#options.meters.counters.receipts += 1;
    void person.line.connection.call('receipt', { conversationId: id, delivered: read, read });
  }
}
