import type { Entry } from '@chatcluster/protocol';
import type { Book } from './book.ts';
import { parentOf } from './fold.ts';
import { foldPanel, sortBySeq, type PanelItem } from './panel-fold.ts';
import type { Rest } from './rest.ts';
import { withDelivery } from './snapshots.ts';
import type { ChatMessage, PendingMessage, PinsSnapshot, ThreadSnapshot } from './types.ts';

const PAGE = 50;
/** Panels that are kept up to date; of more, those opened first are forgotten. */
const MAX_OPEN = 20;
const NONE: readonly ChatMessage[] = [];
const NO_THREAD: ThreadSnapshot = { root: undefined, messages: NONE, pending: [], hasBefore: false, loaded: false, loading: false };
const NO_PINS: PinsSnapshot = { messages: NONE, loaded: false, loading: false };

export interface PanelsDeps {
  book: Book;
  rest: Pick<Rest, 'thread' | 'pins'>;
  me(): string;
  pending(conversationId: string): readonly PendingMessage[];
  /** A panel of the conversation shows something else now. */
  changed(conversationId: string): void;
}

interface Panel {
  readonly conversationId: string;
  /** The message whose answers these are; undefined: the pins. */
  readonly rootId: string | undefined;
  /** Of a thread: the root first, then its newest answers as far as loaded. */
  items: readonly PanelItem[];
  hasBefore: boolean;
  loaded: boolean;
  loading: Promise<void> | undefined;
  /** Every entry up to here is folded in. A log that jumps further makes the panel read its list again. */
  cursor: number;
  /** Entries that came while a page was on its way: folded into what is here at once, and into the page when it comes. */
  recent: Entry[];
  shown: readonly ChatMessage[];
  thread: ThreadSnapshot | undefined;
  pins: PinsSnapshot | undefined;
}

const keyOf = (conversationId: string, rootId: string | undefined) => `${conversationId} ${rootId ?? 'pins'}`;

/** Lists beside the log: the answers to one message, and what is pinned. Read once, then folded from the entries. */
export class Panels {
  #deps: PanelsDeps;
  #panels = new Map<string, Panel>();

  constructor(deps: PanelsDeps) {
    this.#deps = deps;
  }

  /** Loads the newest answers once and keeps them up to date. Throws a `ChatError`. */
  openThread(conversationId: string, rootId: string): Promise<void> {
    return this.#open(conversationId, rootId);
  }

  /** Loads one more page of older answers. */
  async loadOlder(conversationId: string, rootId: string): Promise<void> {
    const panel = this.#panels.get(keyOf(conversationId, rootId));
    if (panel === undefined || !panel.loaded) return this.openThread(conversationId, rootId);
    const oldest = panel.items.find(({ message }) => message.id !== rootId);
    if (panel.hasBefore) await this.#load(panel, oldest?.message.seq);
  }

  thread(conversationId: string, rootId: string): ThreadSnapshot {
    const panel = this.#panels.get(keyOf(conversationId, rootId));
    if (panel === undefined) return NO_THREAD;
    panel.thread ??= this.#buildThread(panel, rootId);
    return panel.thread;
  }

  /** Loads what is pinned once and keeps it up to date. Throws a `ChatError`. */
  openPins(conversationId: string): Promise<void> {
    return this.#open(conversationId, undefined);
  }

  pins(conversationId: string): PinsSnapshot {
    const panel = this.#panels.get(keyOf(conversationId, undefined));
    if (panel === undefined) return NO_PINS;
    panel.pins ??= { messages: this.#show(panel), loaded: panel.loaded, loading: panel.loading !== undefined };
    return panel.pins;
  }

  /** @internal The conversation looks different now (receipts, unsent messages). */
  outdated(conversationId: string): void {
    for (const panel of this.#of(conversationId)) forgetViews(panel);
  }

  /** @internal Entries were applied to the log of the conversation, in order. */
  applied(conversationId: string, entries: readonly Entry[]): void {
    for (const panel of this.#of(conversationId)) {
      if (panel.loading) panel.recent.push(...entries);
      if (panel.loaded) this.#take(panel, entries);
      forgetViews(panel);
    }
  }

  /** @internal Messages up to this number were removed by age. */
  trimmed(conversationId: string, upTo: number): void {
    for (const panel of this.#of(conversationId)) {
      panel.items = panel.items.filter(({ message }) => message.seq > upTo);
      forgetViews(panel);
    }
  }

  /** @internal After catching up: a panel whose conversation jumped over entries reads its list again. */
  async reopen(): Promise<void> {
    const behind = [...this.#panels.values()].filter((panel) => panel.loaded && panel.cursor < this.#cursor(panel));
    await Promise.all(behind.map((panel) => this.#load(panel).catch(() => undefined))); // It opens again when somebody looks.
  }

  /** @internal Another user, or signed out. */
  clear(): void {
    this.#panels.clear();
  }

  #of(conversationId: string): Panel[] {
    return [...this.#panels.values()].filter((panel) => panel.conversationId === conversationId);
  }

  #cursor(panel: Panel): number {
    return this.#deps.book.get(panel.conversationId)?.log.cursor ?? 0;
  }

  async #open(conversationId: string, rootId: string | undefined): Promise<void> {
    const key = keyOf(conversationId, rootId);
    const panel = this.#panels.get(key) ?? emptyPanel(conversationId, rootId);
    // Last in the order of the map, so that it is forgotten last.
    this.#panels.delete(key);
    this.#panels.set(key, panel);
    for (const oldest of [...this.#panels.keys()].slice(0, -MAX_OPEN)) this.#panels.delete(oldest);
    if (panel.loading || !panel.loaded || panel.cursor < this.#cursor(panel)) await this.#load(panel);
  }

  #load(panel: Panel, before?: number): Promise<void> {
    if (panel.loading) return panel.loading;
    panel.recent = [];
    panel.loading = this.#request(panel, before).finally(() => {
      panel.loading = undefined;
      this.#deps.changed(panel.conversationId);
    });
    this.#deps.changed(panel.conversationId);
    return panel.loading;
  }

  async #request(panel: Panel, before: number | undefined): Promise<void> {
    const { items, hasBefore, asOf } = await this.#fetch(panel, before);
    const fresh = new Set(items.map(({ message }) => message.id));
    const kept = before === undefined ? [] : panel.items.filter(({ message }) => !fresh.has(message.id));
    panel.items = panel.rootId === undefined ? items : sortBySeq([...items, ...kept]);
    panel.hasBefore = hasBefore;
    panel.loaded = true;
    if (before === undefined) panel.cursor = asOf;
    this.#take(panel, panel.recent);
  }

  async #fetch({ conversationId, rootId }: Panel, before: number | undefined) {
    const { rest } = this.#deps;
    const page =
      rootId === undefined
        ? { ...(await rest.pins(conversationId)), hasBefore: false }
        : await rest.thread(conversationId, rootId, { limit: PAGE, ...(before === undefined ? {} : { before }) });
    const messages = 'root' in page ? [page.root, ...page.messages] : page.messages;
    const { hasBefore, asOf = 0 } = page;
    return { items: messages.map((message) => ({ message, asOf })), hasBefore, asOf };
  }

  #take(panel: Panel, entries: readonly Entry[]): void {
    const { conversationId, rootId } = panel;
    const log = this.#deps.book.get(conversationId)?.log;
    const kind = { conversationId, me: this.#deps.me(), rootId };
    for (const entry of entries) {
      const folded = foldPanel(kind, panel.items, entry, log ?? { messages: [], cursor: 0 });
      // A deletion above what is loaded of a thread may have been an answer, and is counted by the root.
      const isLost = folded === 'unknown' && (rootId === undefined || panel.hasBefore);
      if (isLost || entry.seq > panel.cursor + 1) return this.#loadAgain(panel);
      if (folded !== 'unknown') panel.items = folded.items;
      panel.cursor = Math.max(panel.cursor, entry.seq);
    }
  }

  #loadAgain(panel: Panel): void {
    const before = panel.loading ?? Promise.resolve();
    before.then(() => this.#load(panel)).catch(() => undefined); // As it was until somebody opens it again.
  }

  #show(panel: Panel): readonly ChatMessage[] {
    const conversation = this.#deps.book.get(panel.conversationId)?.conversation;
    const messages = panel.items.map(({ message }) => message);
    panel.shown = conversation ? withDelivery(conversation, messages, this.#deps.me(), panel.shown) : messages;
    return panel.shown;
  }

  #buildThread(panel: Panel, rootId: string): ThreadSnapshot {
    const shown = this.#show(panel);
    return {
      root: shown.find((m) => m.id === rootId),
      messages: shown.filter((m) => m.id !== rootId),
      pending: this.#deps.pending(panel.conversationId).filter((p) => parentOf(p) === rootId),
      hasBefore: panel.hasBefore,
      loaded: panel.loaded,
      loading: panel.loading !== undefined,
    };
  }
}

function forgetViews(panel: Panel): void {
  panel.thread = undefined;
  panel.pins = undefined;
}

function emptyPanel(conversationId: string, rootId: string | undefined): Panel {
  const nothing = { items: [], hasBefore: false, loaded: false, cursor: 0, recent: [], shown: NONE };
  return { conversationId, rootId, ...nothing, loading: undefined, thread: undefined, pins: undefined };
}
