import type { Conversation } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { createLife } from './lifecycle.ts';
import { withDefaults } from './options.ts';
import type { ChatClient, ClientEvents, ClientOptions, ConnectionSnapshot, ConversationSnapshot, SignedIn, Unsubscribe } from './types.ts';
import { wire, type Wired } from './wiring.ts';

/** Makes a client. Nothing happens before one of its methods is called. */
export function createClient(options: ClientOptions = {}): ChatClient {
  return new Client(options);
}

/** The methods of the client, each handed to the part that does it. */
class Client implements ChatClient {
  #w: Wired;
  readonly rest: ChatClient['rest'];
  readonly account: ChatClient['account'];
  readonly panels: ChatClient['panels'];
  readonly threads: ChatClient['threads'];
  readonly blocks: ChatClient['blocks'];
  readonly upload: ChatClient['upload'];

  constructor(options: ClientOptions) {
    this.#w = wire(withDefaults(options), createLife);
    ({ rest: this.rest, account: this.account, blocks: this.blocks, upload: this.upload } = this.#w);
    ({ panels: this.panels, threads: this.threads } = this.#w);
  }

  // Account

  register: ChatClient['register'] = (input) => this.account.register(input);
  login: ChatClient['login'] = (input) => this.account.login(input);
  guest: ChatClient['guest'] = (input = {}) => this.account.guest(input);

  async resume(): Promise<SignedIn | undefined> {
    const { offline, session, life } = this.#w;
    const isKnown = (await offline.resume()) || (await session.resume());
    return isKnown ? life.signedIn() : undefined;
  }

  async useToken(token: string): Promise<SignedIn> {
    this.#w.life.clear();
    await this.#w.session.useToken(token);
    return this.#w.life.signedIn();
  }

  async logout(): Promise<void> {
    const userId = this.#w.session.user?.id ?? '';
    this.#w.life.clear();
    await this.#w.keeper.wipe(userId);
    try {
      await this.#w.session.signOut();
    } finally {
      this.#w.emitter.emit('signed-out', {});
      this.#w.emitter.changed();
    }
  }

  me() {
    return this.#w.session.user;
  }

  // Connection

  start(): void {
    if (this.#w.session.user === undefined) throw new ChatError('unauthenticated');
    this.#w.life.start();
  }

  stop(): void {
    this.#w.life.stop();
  }

  connection(): ConnectionSnapshot {
    return this.#w.connection.snapshot;
  }

  session() {
    return this.#w.connection.session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#w.keeper.flush();
    this.#w.life.clear();
  }

  // State

  subscribe = (listener: () => void): Unsubscribe => this.#w.emitter.subscribe(listener);

  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): Unsubscribe {
    return this.#w.emitter.on(event, listener);
  }

  conversations(): readonly Conversation[] {
    return this.#w.views.conversations();
  }

  conversation(id: string): ConversationSnapshot {
    return this.#w.views.conversation(id);
  }

  user(userId: string) {
    return userId === this.#w.session.user?.id ? this.#w.session.user : this.#w.people.user(userId);
  }

  presence(userId: string) {
    return this.#w.people.presence(userId);
  }

  // One conversation

  async open(conversationId: string): Promise<void> {
    if (this.#w.book.get(conversationId) === undefined) this.#w.book.learn(await this.rest.conversation(conversationId));
    await this.#w.offline.open(conversationId);
    await this.#w.history.newest(conversationId);
    void this.#w.positions.opened(conversationId);
  }

  loadOlder(conversationId: string): Promise<void> {
    return this.#w.history.older(conversationId);
  }

  loadNewer(conversationId: string): Promise<void> {
    return this.#w.history.newer(conversationId);
  }

  async jumpTo(conversationId: string, seq: number): Promise<void> {
    await this.open(conversationId);
    await this.#w.history.around(conversationId, seq);
  }

  jumpToNewest(conversationId: string): void {
    this.#w.history.leaveWindow(conversationId);
  }

  send(conversationId: string, input: Parameters<ChatClient['send']>[1]): string {
    this.#w.typing.set(conversationId, false);
    return this.#w.outbox.add(conversationId, typeof input === 'string' ? { body: input } : input);
  }

  retry: ChatClient['retry'] = (clientMsgId) => this.#w.outbox.retry(clientMsgId);
  discard: ChatClient['discard'] = (clientMsgId) => this.#w.outbox.discard(clientMsgId);

  edit: ChatClient['edit'] = (...args) => this.#w.manage.edit(...args);
  remove: ChatClient['remove'] = (...args) => this.#w.manage.remove(...args);
  react: ChatClient['react'] = (...args) => this.#w.manage.react(...args);
  pin: ChatClient['pin'] = (...args) => this.#w.manage.pin(...args);
  removePreviews: ChatClient['removePreviews'] = (...args) => this.#w.manage.removePreviews(...args);

  forward({ id, conversationId, body }: Parameters<ChatClient['forward']>[0], to: readonly string[]): string[] {
    return to.map((target) => this.#w.outbox.add(target, { body, forward: { conversationId, messageId: id } }));
  }

  markRead(conversationId: string, seq?: number): void {
    const conversation = this.#w.book.get(conversationId)?.conversation;
    if (conversation === undefined) return;
    const read = Math.min(seq ?? conversation.lastSeq, conversation.lastSeq);
    if (read <= conversation.me.readSeq) return;
    this.#w.receipts.note({ conversationId, read });
    this.#w.book.readMoved(conversationId);
  }

  async markUnread(conversationId: string, seq: number): Promise<void> {
    const readSeq = Math.max(0, seq - 1);
    await this.#w.receipts.forgetRead(conversationId);
    this.#w.book.learnMe(conversationId, await this.rest.unread(conversationId, readSeq));
  }

  setTyping: ChatClient['setTyping'] = (conversationId, on) => this.#w.typing.set(conversationId, on);

  // Conversations

  previewInvite: ChatClient['previewInvite'] = (code) =>
    this.#w.session.open({ method: 'GET', path: `/v1/invites/${encodeURIComponent(code)}` });
  createDirect: ChatClient['createDirect'] = (...args) => this.#w.manage.createDirect(...args);
  createGroup: ChatClient['createGroup'] = (...args) => this.#w.manage.createGroup(...args);
  createChannel: ChatClient['createChannel'] = (...args) => this.#w.manage.createChannel(...args);
  joinChannel: ChatClient['joinChannel'] = (...args) => this.#w.manage.joinChannel(...args);
  acceptInvite: ChatClient['acceptInvite'] = (...args) => this.#w.manage.acceptInvite(...args);
  leave: ChatClient['leave'] = (...args) => this.#w.manage.leave(...args);
  update: ChatClient['update'] = (...args) => this.#w.manage.update(...args);
  updateMine: ChatClient['updateMine'] = (...args) => this.#w.manage.updateMine(...args);
  deleteConversation: ChatClient['deleteConversation'] = (...args) => this.#w.manage.deleteConversation(...args);
  addMembers: ChatClient['addMembers'] = (...args) => this.rest.addMembers(...args);
  setRole: ChatClient['setRole'] = (...args) => this.rest.setRole(...args);
  removeMember: ChatClient['removeMember'] = (...args) => this.rest.removeMember(...args);

  // People

  async setPresence(status: Parameters<ChatClient['setPresence']>[0]): Promise<void> {
    this.#w.people.setting = status;
    await this.#w.patiently('presence:set', { status });
  }

  watchPresence: ChatClient['watchPresence'] = (userIds) => this.#w.people.watch(userIds);

  async match(on: boolean): Promise<void> {
    await this.#w.patiently(on ? 'match:join' : 'match:leave', {});
  }
}
