import type { ClientEventName, Conversation, ErrorCode, EndedCode, EventInput, ServerEventName, ServerEvents } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { Blocks } from './blocks.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { createAccountApi, type AccountApi } from './account.ts';
import { Book } from './book.ts';
import { CatchUp } from './catch-up.ts';
import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { createHandlers, type Handlers } from './handlers.ts';
import { History } from './history.ts';
import { Keeper } from './local/keeper.ts';
import { Offline } from './local/offline.ts';
import { createManage } from './manage.ts';
import { Outbox } from './outbox.ts';
import { People } from './people.ts';
import { Receipts } from './receipts.ts';
import { type Parts, withDefaults } from './options.ts';
import { Panels } from './panels.ts';
import { createPatience, type Patiently } from './patience.ts';
import { createRest, type Rest } from './rest.ts';
import { Session } from './session.ts';
import { buildSnapshot, sortConversations } from './snapshots.ts';
import { createUpload, type Upload } from './upload.ts';
import { Typing } from './typing.ts';
import type { ChatClient, ClientEvents, ClientOptions, ConnectionSnapshot, ConversationSnapshot, SignedIn, Unsubscribe } from './types.ts';

const HTTP_TIMEOUT_MS = 10_000;

/** Makes a client. Nothing happens before one of its methods is called. */
export function createClient(options: ClientOptions = {}): ChatClient {
  return new Client(withDefaults(options));
}

/** Wires the parts together; what each does is in its own file. */
class Client implements ChatClient {
  readonly rest: Rest;
  readonly account: AccountApi;
  readonly panels: Panels;
  readonly blocks: Blocks;
  readonly upload: Upload;
  #parts: Parts;
  #emitter = new Emitter();
  #session: Session;
  #connection: Connection;
  #book: Book;
  #history: History;
  #catchUp: CatchUp;
  #outbox: Outbox;
  #receipts: Receipts;
  #typing: Typing;
  #people: People;
  #keeper: Keeper;
  #offline: Offline;
  #manage: ReturnType<typeof createManage>;
  #patiently: Patiently;
  #handlers: Handlers;
  #arrivals: Arrivals;
  #stopListening = () => {};
  #list: readonly Conversation[] | undefined;
  #snapshots = new Map<string, ConversationSnapshot>();
  #outdated = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { scheduler, random, newId, store } = parts;
    const isOpen = () => this.#connection.isOpen;
    const changed = (id: string) => this.#changed(id);
    const call = <E extends ClientEventName>(event: E, payload: EventInput<E>) => this.#connection.call(event, payload);
    this.#session = new Session({
      ...parts,
      http: { url: parts.url, fetch: parts.fetch, cookies: parts.tokens === 'cookie', timeoutMs: HTTP_TIMEOUT_MS },
      known: (account) => this.#keeper.saveAccount(account),
    });
    this.account = createAccountApi({
      session: this.#session,
      scheduler,
      clear: () => this.#clear(),
      signedIn: () => this.#signedIn(),
      changed: () => this.#emitter.changed(),
    });
    this.rest = createRest((request) => this.#session.call(request));
    this.upload = createUpload({ ...parts, rest: this.rest });
    this.blocks = new Blocks({ send: (id, on) => this.rest.setBlocked(id, on), changed: () => this.#blocksChanged() });
    this.#book = new Book({
      me: () => this.#userId(),
      blocked: () => this.blocks.ids,
      changed: (id) => {
        this.#keeper.changed(id);
        changed(id);
      },
      dropped: (id) => this.#keeper.dropped(id),
      pendingRead: (id) => this.#receipts.pendingRead(id),
      applied: (conversation, entries) => this.#arrivals.applied(conversation, entries),
      missing: (kind, id) => this.#catchUp.missing(kind, id),
    });
    this.#keeper = new Keeper({
      copy: store.local,
      book: this.#book,
      scheduler,
      newId,
      userId: () => this.#userId(),
      position: () => this.#catchUp.position,
    });
    this.#patiently = createPatience({ scheduler, emitter: this.#emitter, connection: () => this.#connection });
    this.#history = new History({ book: this.#book, call: (payload) => this.#patiently('history', payload) });
    this.#catchUp = new CatchUp({
      book: this.#book,
      scheduler,
      call,
      isOpen,
      checkEveryMs: parts.checkEveryMs,
      reopen: async () => void (await Promise.all([this.#history.reopen(), this.panels.reopen()])),
      listed: (conversations) => conversations.forEach((conversation) => this.#arrivals.listed(conversation)),
    });
    this.panels = new Panels({
      book: this.#book,
      rest: this.rest,
      me: () => this.#userId(),
      pending: (id) => this.#outbox.pending(id),
      changed,
    });
    this.#outbox = new Outbox({
      store,
      scheduler,
      random,
      newId,
      isOpen,
      changed,
      userId: () => this.#userId(),
      cursor: (id) => this.#book.get(id)?.log.cursor ?? 0,
      send: (payload) => call('message:send', { ...payload, traceparent: parts.traceparent?.() }),
      failed: (pending, error) => this.#emitter.emit('send:failed', { pending, error }),
      storeFailed: () => undefined, // The message is sent all the same; only a restart of the app would forget it.
    });
    this.#receipts = new Receipts({ scheduler, isOpen, send: (payload) => call('receipt', payload) });
    this.#typing = new Typing({ scheduler, changed, send: (conversationId, on) => this.#volatile('typing', { conversationId, on }) });
    this.#people = new People({
      isOpen,
      learned: (user) => this.#keeper.learned(user),
      lookUp: (id) => this.rest.user(id),
      watch: (userIds) => call('presence:watch', { userIds }),
      changed: () => this.#emitter.changed(),
    });
    this.#arrivals = createArrivals({
      book: this.#book,
      outbox: this.#outbox,
      panels: this.panels,
      typing: this.#typing,
      receipts: this.#receipts,
      emitter: this.#emitter,
      me: () => this.#userId(),
      isBlocked: (userId) => this.blocks.ids.has(userId),
      isNews: (id, seq) => this.#keeper.isNews(id, seq),
      isLive: () => this.#connection.snapshot.state === 'live',
    });
    this.#offline = new Offline({
      keeper: this.#keeper,
      session: this.#session,
      book: this.#book,
      people: this.#people,
      catchUp: this.#catchUp,
      outbox: this.#outbox,
      me: () => this.rest.me(),
    });
    this.#manage = createManage({ rest: this.rest, book: this.#book, patiently: this.#patiently, newId });
    this.#handlers = createHandlers({
      book: this.#book,
      typing: this.#typing,
      people: this.#people,
      outbox: this.#outbox,
      catchUp: this.#catchUp,
      session: this.#session,
      history: this.#history,
      blocks: this.blocks,
    });
    this.#connection = new Connection({
      ...parts,
      token: (renew) => (renew ? this.#session.refresh() : this.#session.accessToken()),
      catchUp: (ready) => this.#catchUp.connected(ready),
      event: (name, payload) => this.#received(name, payload),
      changed: (snapshot) => this.#connectionChanged(snapshot),
      signedOut: (code) => void this.#signedOut(code),
    });
  }

  // Account

  register: ChatClient['register'] = (input) => this.account.register(input);
  login: ChatClient['login'] = (input) => this.account.login(input);
  guest: ChatClient['guest'] = (input = {}) => this.account.guest(input);

  async resume(): Promise<SignedIn | undefined> {
    const isKnown = (await this.#offline.resume()) || (await this.#session.resume());
    return isKnown ? this.#signedIn() : undefined;
  }

  async useToken(token: string): Promise<SignedIn> {
    this.#clear();
    await this.#session.useToken(token);
    return this.#signedIn();
  }

  async logout(): Promise<void> {
    const userId = this.#userId();
    this.#clear();
    await this.#keeper.wipe(userId);
    try {
      await this.#session.signOut();
    } finally {
      this.#emitter.emit('signed-out', {});
      this.#emitter.changed();
    }
  }

  me() {
    return this.#session.user;
  }

  // Connection

  start(): void {
    if (this.#session.user === undefined) throw new ChatError('unauthenticated');
    this.#stopListening();
    this.#stopListening = this.#parts.network.listen((hint) => {
      if (hint === 'visible' && this.#connection.snapshot.state === 'live' && this.#parts.checkEveryMs > 0) this.#catchUp.check();
    });
    this.#connection.start();
  }

  stop(): void {
    this.#stopListening();
    this.#receipts.pause();
    this.#connection.stop();
  }

  connection(): ConnectionSnapshot {
    return this.#connection.snapshot;
  }

  session() {
    return this.#connection.session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.flush();
    this.#clear();
  }

  // State

  subscribe = (listener: () => void): Unsubscribe => this.#emitter.subscribe(listener);

  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): Unsubscribe {
    return this.#emitter.on(event, listener);
  }

  conversations(): readonly Conversation[] {
    this.#list ??= sortConversations(this.#book.all());
    return this.#list;
  }

  conversation(id: string): ConversationSnapshot {
    const before = this.#snapshots.get(id);
    if (before !== undefined && !this.#outdated.has(id)) return before;
    const parts = { id, me: this.#userId(), page: this.#book.get(id), pending: this.#outbox.pending(id), typing: this.#typing.users(id) };
    const snapshot = buildSnapshot(parts, before);
    this.#snapshots.set(id, snapshot);
    this.#outdated.delete(id);
    return snapshot;
  }

  user(userId: string) {
    return userId === this.#session.user?.id ? this.#session.user : this.#people.user(userId);
  }

  presence(userId: string) {
    return this.#people.presence(userId);
  }

  // One conversation

  async open(conversationId: string): Promise<void> {
    if (this.#book.get(conversationId) === undefined) this.#book.learn(await this.rest.conversation(conversationId));
    await this.#offline.open(conversationId);
    await this.#history.newest(conversationId);
  }

  loadOlder(conversationId: string): Promise<void> {
    return this.#history.older(conversationId);
  }

  loadNewer(conversationId: string): Promise<void> {
    return this.#history.newer(conversationId);
  }

  async jumpTo(conversationId: string, seq: number): Promise<void> {
    await this.open(conversationId);
    await this.#history.around(conversationId, seq);
  }

  jumpToNewest(conversationId: string): void {
    this.#history.leaveWindow(conversationId);
  }

  send(conversationId: string, input: Parameters<ChatClient['send']>[1]): string {
    this.#typing.set(conversationId, false);
    return this.#outbox.add(conversationId, typeof input === 'string' ? { body: input } : input);
  }

  retry: ChatClient['retry'] = (clientMsgId) => this.#outbox.retry(clientMsgId);
  discard: ChatClient['discard'] = (clientMsgId) => this.#outbox.discard(clientMsgId);

  edit: ChatClient['edit'] = (...args) => this.#manage.edit(...args);
  remove: ChatClient['remove'] = (...args) => this.#manage.remove(...args);
  react: ChatClient['react'] = (...args) => this.#manage.react(...args);
  pin: ChatClient['pin'] = (...args) => this.#manage.pin(...args);

  forward({ id, conversationId, body }: Parameters<ChatClient['forward']>[0], to: readonly string[]): string[] {
    return to.map((target) => this.#outbox.add(target, { body, forward: { conversationId, messageId: id } }));
  }

  markRead(conversationId: string, seq?: number): void {
    const conversation = this.#book.get(conversationId)?.conversation;
    if (conversation === undefined) return;
    const read = Math.min(seq ?? conversation.lastSeq, conversation.lastSeq);
    if (read <= conversation.me.readSeq) return;
    this.#receipts.note({ conversationId, read });
    this.#book.readTo(conversationId, read);
  }

  async markUnread(conversationId: string, seq: number): Promise<void> {
    const readSeq = Math.max(0, seq - 1);
    this.#receipts.forgetRead(conversationId);
    await this.rest.unread(conversationId, readSeq);
    const me = this.#book.get(conversationId)?.conversation.me;
    if (me) this.#book.setMe(conversationId, { ...me, readSeq: Math.min(me.readSeq, readSeq) });
  }

  setTyping: ChatClient['setTyping'] = (conversationId, on) => this.#typing.set(conversationId, on);

  // Conversations

  previewInvite: ChatClient['previewInvite'] = (code) =>
    this.#session.open({ method: 'GET', path: `/v1/invites/${encodeURIComponent(code)}` });
  createDirect: ChatClient['createDirect'] = (...args) => this.#manage.createDirect(...args);
  createGroup: ChatClient['createGroup'] = (...args) => this.#manage.createGroup(...args);
  createChannel: ChatClient['createChannel'] = (...args) => this.#manage.createChannel(...args);
  joinChannel: ChatClient['joinChannel'] = (...args) => this.#manage.joinChannel(...args);
  acceptInvite: ChatClient['acceptInvite'] = (...args) => this.#manage.acceptInvite(...args);
  leave: ChatClient['leave'] = (...args) => this.#manage.leave(...args);
  update: ChatClient['update'] = (...args) => this.#manage.update(...args);
  updateMine: ChatClient['updateMine'] = (...args) => this.#manage.updateMine(...args);
  deleteConversation: ChatClient['deleteConversation'] = (...args) => this.#manage.deleteConversation(...args);
  addMembers: ChatClient['addMembers'] = (...args) => this.rest.addMembers(...args);
  setRole: ChatClient['setRole'] = (...args) => this.rest.setRole(...args);
  removeMember: ChatClient['removeMember'] = (...args) => this.rest.removeMember(...args);

  // People

  async setPresence(status: Parameters<ChatClient['setPresence']>[0]): Promise<void> {
    this.#people.setting = status;
    await this.#patiently('presence:set', { status });
  }

  watchPresence: ChatClient['watchPresence'] = (userIds) => this.#people.watch(userIds);

  async match(on: boolean): Promise<void> {
    await this.#patiently(on ? 'match:join' : 'match:leave', {});
  }

  // Inside

  #userId(): string {
    return this.#session.user?.id ?? '';
  }

  async #signedIn(): Promise<SignedIn> {
    const user = this.#session.user;
    if (user === undefined) throw new ChatError('unauthenticated');
    await this.#offline.restore();
    this.#list = undefined;
    await this.#outbox.load();
    this.#emitter.changed();
    return { user, sessionId: this.#session.sessionId };
  }

  async #signedOut(code: ErrorCode | EndedCode): Promise<void> {
    const userId = this.#userId();
    this.#stopListening();
    this.#forgetState();
    await this.#keeper.wipe(userId);
    await this.#session.forget();
    this.#emitter.emit('signed-out', { code });
    this.#emitter.changed();
  }

  #clear(): void {
    this.#stopListening();
    this.#connection.stop();
    this.#forgetState();
  }

  #forgetState(): void {
    this.#catchUp.reset();
    this.#receipts.clear();
    this.#typing.clear();
    this.#people.clear();
    this.blocks.clear();
    this.#outbox.clear();
    this.#book.clear();
    this.panels.clear();
    this.#offline.clear();
    this.#list = undefined;
    this.#snapshots.clear();
    this.#outdated.clear();
  }

  #changed(conversationId: string): void {
    this.#list = undefined;
    this.#outdated.add(conversationId);
    this.panels.outdated(conversationId);
    this.#emitter.changed();
  }

  #connectionChanged(snapshot: ConnectionSnapshot): void {
    if (snapshot.state === 'syncing') this.#opened();
    else if (snapshot.state !== 'live') {
      this.#catchUp.disconnected();
      this.#receipts.pause();
    }
    this.#emitter.emit('connection', snapshot);
    this.#emitter.changed();
  }

  #opened(): void {
    this.#outbox.connected();
    // Another tab, or one that was closed, may have left something there.
    void this.#outbox.load().catch(() => undefined);
    this.#offline.connected();
    this.#receipts.flush();
    this.#people.tellWatched();
    if (this.#people.setting !== undefined) this.#volatile('presence:set', { status: this.#people.setting });
  }

  #received<E extends ServerEventName>(name: E, payload: ServerEvents[E]): void {
    this.#handlers[name]?.(payload);
    this.#emitter.emit(name, payload as ClientEvents[E]);
  }

  /** Whom one sees, and what is unread where no log is held, only the server can tell. */
  #blocksChanged(): void {
    this.#book.recount();
    this.#people.tellWatched();
    this.#catchUp.check();
  }

  /** Nobody waits for it and nothing is lost when it fails. */
  #volatile<E extends ClientEventName>(event: E, payload: EventInput<E>): void {
    if (this.#connection.isOpen) this.#connection.call(event, payload).catch(() => undefined);
  }
}
