import type { ClientEventName, EndedCode, ErrorCode, EventInput, EventResult, ServerEventName, ServerEvents } from '@chatcluster/protocol';
import { createAccountApi, type AccountApi } from './account.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { Blocks } from './blocks.ts';
import { Book } from './book.ts';
import { CatchUp } from './catch-up.ts';
import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { createHandlers, type Handlers } from './handlers.ts';
import { History } from './history.ts';
import { Keeper } from './local/keeper.ts';
import { Offline } from './local/offline.ts';
import { createManage } from './manage.ts';
import type { Parts } from './options.ts';
import { Outbox } from './outbox.ts';
import { Panels } from './panels.ts';
import { createPatience, type Patiently } from './patience.ts';
import { People } from './people.ts';
import { Positions } from './positions.ts';
import { Receipts } from './receipts.ts';
import { createRest, type Rest } from './rest.ts';
import { Session } from './session.ts';
import type { ConnectionSnapshot, SignedIn } from './types.ts';
import { Threads } from './threads.ts';
import { Typing } from './typing.ts';
import { createUpload, type Upload } from './upload.ts';
import { Views } from './views.ts';

const HTTP_TIMEOUT_MS = 10_000;

/** What happens to the client as a whole; see `lifecycle.ts`. */
export interface Life {
  start(): void;
  stop(): void;
  signedIn(): Promise<SignedIn>;
  signedOut(code: ErrorCode | EndedCode): Promise<void>;
  clear(): void;
  changed(conversationId: string): void;
  blocksChanged(): void;
  connectionChanged(snapshot: ConnectionSnapshot): void;
  received<E extends ServerEventName>(name: E, payload: ServerEvents[E]): void;
  /** Nobody waits for it and nothing is lost when it fails. */
  volatile<E extends ClientEventName>(event: E, payload: EventInput<E>): void;
}

/** All parts of one client. */
export interface Wired {
  readonly parts: Parts;
  readonly life: Life;
  readonly emitter: Emitter;
  readonly session: Session;
  readonly account: AccountApi;
  readonly rest: Rest;
  readonly upload: Upload;
  readonly blocks: Blocks;
  readonly book: Book;
  readonly views: Views;
  readonly keeper: Keeper;
  readonly history: History;
  readonly catchUp: CatchUp;
  readonly panels: Panels;
  readonly positions: Positions;
  readonly outbox: Outbox;
  readonly receipts: Receipts;
  readonly threads: Threads;
  readonly typing: Typing;
  readonly people: People;
  readonly arrivals: Arrivals;
  readonly offline: Offline;
  readonly manage: ReturnType<typeof createManage>;
  readonly handlers: Handlers;
  readonly connection: Connection;
  readonly patiently: Patiently;
}

/** Makes the parts of a client and tells each what it needs of the others; what each does is in its own file. */
export function wire(parts: Parts, createLife: (w: Wired) => Life): Wired {
  const w = { parts, emitter: new Emitter() } as Wired;
  const add = (more: Partial<Wired>) => Object.assign(w, more);
  add({ life: createLife(w) });
  add(wireAccount(w));
  add(wireState(w));
  add(wireReading(w));
  add(wireWriting(w));
  add(wireConnection(w));
  add({ offline: wireOffline(w), arrivals: wireArrivals(w) });
  add({ manage: createManage({ ...w, newId: parts.newId }), handlers: createHandlers(w) });
  return w;
}

const userId = (w: Wired) => w.session.user?.id ?? '';

function call<E extends ClientEventName>(w: Wired, event: E, payload: EventInput<E>): Promise<EventResult[E]> {
  return w.connection.call(event, payload);
}

function wireAccount(w: Wired) {
  const { parts, life } = w;
  const session = new Session({
    ...parts,
    http: { url: parts.url, fetch: parts.fetch, cookies: parts.tokens === 'cookie', timeoutMs: HTTP_TIMEOUT_MS },
    known: () => keepAccount(w),
  });
  const account = createAccountApi({
    session,
    scheduler: parts.scheduler,
    clear: () => life.clear(),
    signedIn: () => life.signedIn(),
    changed: () => w.emitter.changed(),
  });
  const rest = createRest((request) => session.call(request));
  const upload = createUpload({ ...parts, rest });
  const blocks = new Blocks({ send: (id, on) => rest.setBlocked(id, on), changed: () => life.blocksChanged() });
  return { session, account, rest, upload, blocks };
}

/** Who is signed in here, for the next run of the app. */
export function keepAccount({ session: { user, sessionId }, blocks, keeper }: Wired): void {
  if (user) keeper.saveAccount({ user, sessionId, blocked: [...blocks.ids] });
}

/** What is known, here and in the store. */
function wireState(w: Wired) {
  const { scheduler, newId, store } = w.parts;
  const book = new Book({
    me: () => userId(w),
    blocked: () => w.blocks.ids,
    changed: (id) => {
      w.keeper.changed(id);
      w.life.changed(id);
    },
    dropped: (id) => w.keeper.dropped(id),
    trimmed: (id, upTo) => w.panels.trimmed(id, upTo),
    pendingRead: (id) => w.receipts.pendingRead(id),
    applied: (conversation, entries) => w.arrivals.applied(conversation, entries),
    missing: (kind, id) => w.catchUp.missing(kind, id),
  });
  const views = new Views({ me: () => userId(w), book: () => book, outbox: () => w.outbox, typing: () => w.typing });
  const position = () => w.catchUp.position;
  const keeper = new Keeper({ copy: store.local, book, scheduler, newId, userId: () => userId(w), position });
  return { book, views, keeper };
}

/** What is asked of the server. */
function wireReading(w: Wired) {
  const { parts, book } = w;
  const patiently = createPatience({ scheduler: parts.scheduler, emitter: w.emitter, connection: () => w.connection });
  const history = new History({ book, call: (payload) => patiently('history', payload) });
  const catchUp = new CatchUp({
    book,
    scheduler: parts.scheduler,
    call: (event, payload) => call(w, event, payload),
    isOpen: () => w.connection.isOpen,
    checkEveryMs: parts.checkEveryMs,
    reopen: async () => void (await Promise.all([history.reopen(), w.panels.reopen()])),
    listed(conversations) {
      for (const conversation of conversations) w.arrivals.listed(conversation);
      w.positions.listed(conversations);
    },
  });
  const panels = new Panels({
    book,
    rest: w.rest,
    me: () => userId(w),
    pending: (id) => w.outbox.pending(id),
    changed: (id) => w.life.changed(id),
  });
  const positions = new Positions({
    book,
    me: () => userId(w),
    call: (event, payload) => call(w, event, payload),
    isOpen: () => w.connection.isOpen,
  });
  return { patiently, history, catchUp, panels, positions };
}

/** What is told to the server, and what other people tell. */
function wireWriting(w: Wired) {
  const { scheduler, random, newId, store, traceparent } = w.parts;
  const isOpen = () => w.connection.isOpen;
  const changed = (id: string) => w.life.changed(id);
  const outbox = new Outbox({
    store,
    scheduler,
    random,
    newId,
    isOpen,
    changed,
    userId: () => userId(w),
    cursor: (id) => w.book.get(id)?.log.cursor ?? 0,
    send: (payload) => call(w, 'message:send', { ...payload, traceparent: traceparent?.() }),
    failed: (pending, error) => w.emitter.emit('send:failed', { pending, error }),
    storeFailed: () => undefined, // The message is sent all the same; only a restart of the app would forget it.
  });
  const receipts = new Receipts({
    scheduler,
    isOpen,
    kept: (id, read) => w.keeper.read(id, read),
    settled: (id, read) => {
      w.keeper.readTold(id, read);
      w.book.readMoved(id);
    },
    send: (payload) => call(w, 'receipt', payload),
  });
  const threads = new Threads({
    book: w.book,
    scheduler,
    isOpen,
    changed,
    me: () => userId(w),
    kept: (place, seq) => w.keeper.read(place, seq),
    settled: (place, seq) => w.keeper.readTold(place, seq),
    send: ({ conversationId, rootId, seq }) => w.rest.readThread(conversationId, rootId, seq),
  });
  const typing = new Typing({ scheduler, changed, send: (conversationId, on) => w.life.volatile('typing', { conversationId, on }) });
  const people = new People({
    isOpen,
    learned: (user) => w.keeper.learned(user),
    lookUp: (id) => w.rest.user(id),
    watch: (userIds) => call(w, 'presence:watch', { userIds }),
    changed: () => w.emitter.changed(),
  });
  return { outbox, receipts, threads, typing, people };
}

function wireConnection(w: Wired) {
  const { parts, session, life } = w;
  const connection = new Connection({
    ...parts,
    token: (renew) => (renew ? session.refresh() : session.accessToken()),
    async catchUp(ready) {
      await w.catchUp.connected(ready);
      await w.positions.connected();
    },
    event: (name, payload) => life.received(name, payload),
    changed: (snapshot) => life.connectionChanged(snapshot),
    signedOut: (code) => void life.signedOut(code),
  });
  return { connection };
}

function wireOffline(w: Wired): Offline {
  return new Offline({ ...w, me: () => w.rest.me() });
}

function wireArrivals(w: Wired): Arrivals {
  return createArrivals({
    ...w,
    me: () => userId(w),
    isBlocked: (id) => w.blocks.ids.has(id),
    isNews: (id, seq) => w.keeper.isNews(id, seq),
    isLive: () => w.connection.snapshot.state === 'live',
  });
}
