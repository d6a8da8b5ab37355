import type {
  Bot,
  ChangesPage,
  Conversation,
  ConversationMe,
  CreatedWebhook,
  HistoryPage,
  Invite,
  Member,
  Message,
  MessageReceipt,
  OwnUser,
  PinnedPage,
  Reactor,
  RestInput,
  Role,
  SearchPage,
  SendResult,
  SessionInfo,
  SyncPage,
  ThreadPage,
  User,
  Webhook,
  WebhookDelivery,
} from '@chatcluster/protocol';
import type { HttpRequest } from './http.ts';
import { notificationRoutes } from './rest-notifications.ts';
import { safetyRoutes } from './rest-safety.ts';
import { fileRoutes } from './rest-files.ts';
import type { ConversationChanges, CreateInput, OwnSettings, SendInput } from './types.ts';

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
export interface PageQuery {
  cursor?: string;
  limit?: number;
}
export interface HistoryQuery {
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}
/** A public channel as browsing shows it, whether one is a member or not. */
export interface ChannelInfo {
  id: string;
  title?: string;
  topic?: string;
  memberCount: number;
  joined?: boolean;
}

/** REST calls as a signed-in user; each throws a `ChatError`. */
export type Rest = ReturnType<typeof createRest>;

/** Sends with the access token, refreshing it once when it has expired. */
export type Call = <T>(request: Omit<HttpRequest, 'token'>) => Promise<T>;

const at = (...parts: string[]) => `/v1/${parts.map(encodeURIComponent).join('/')}`;

export function createRest(call: Call) {
  return {
    ...accountRoutes(call),
    ...userRoutes(call),
    ...conversationRoutes(call),
    ...messageRoutes(call),
    ...safetyRoutes(call),
    ...fileRoutes(call),
    ...webhookRoutes(call),
    ...botRoutes(call),
    ...notificationRoutes(call),
  };
}

function accountRoutes(call: Call) {
  return {
    sessions: () => call<{ items: SessionInfo[] }>({ method: 'GET', path: '/v1/auth/sessions' }),
    endSession: (id: string) => call<void>({ method: 'DELETE', path: at('auth', 'sessions', id) }),
    changePassword: (body: { currentPassword: string; newPassword: string }) =>
      call<void>({ method: 'POST', path: '/v1/auth/password/change', body }),
    ticket: () => call<{ ticket: string; expiresIn: number }>({ method: 'POST', path: '/v1/auth/tickets' }),
  };
}

function userRoutes(call: Call) {
  return {
    me: () => call<OwnUser>({ method: 'GET', path: '/v1/users/me' }),
    updateMe: (body: { displayName?: string; statusText?: string; locale?: string }) =>
      call<OwnUser>({ method: 'PATCH', path: '/v1/users/me', body }),
    user: (id: string) => call<User>({ method: 'GET', path: at('users', id) }),
    searchUsers: (q: string, page: PageQuery = {}) => call<Page<User>>({ method: 'GET', path: '/v1/users', query: { q, ...page } }),
  };
}

function conversationRoutes(call: Call) {
  const one = (id: string, ...rest: string[]) => at('conversations', id, ...rest);
  return {
    createConversation: (body: CreateInput & { clientId?: string }) =>
      call<Conversation>({ method: 'POST', path: '/v1/conversations', body }),
    conversation: (id: string) => call<Conversation>({ method: 'GET', path: one(id) }),
    updateConversation: (id: string, body: ConversationChanges) => call<Conversation>({ method: 'PATCH', path: one(id), body }),
    deleteConversation: (id: string) => call<void>({ method: 'DELETE', path: one(id) }),
    join: (id: string) => call<Conversation | undefined>({ method: 'POST', path: one(id, 'join') }),
    leave: (id: string) => call<void>({ method: 'POST', path: one(id, 'leave') }),
    members: (id: string, page: PageQuery = {}) => call<Page<Member>>({ method: 'GET', path: one(id, 'members'), query: { ...page } }),
    addMembers: (id: string, userIds: string[], role?: Role) =>
      call<void>({ method: 'POST', path: one(id, 'members'), body: { userIds, ...(role ? { role } : {}) } }),
    setRole: (id: string, userId: string, role: Role) => call<void>({ method: 'PATCH', path: one(id, 'members', userId), body: { role } }),
    removeMember: (id: string, userId: string) => call<void>({ method: 'DELETE', path: one(id, 'members', userId) }),
    read: (id: string, seq: number) => call<void>({ method: 'POST', path: one(id, 'read'), body: { seq } }),
    unread: (id: string, seq: number) => call<ConversationMe>({ method: 'POST', path: one(id, 'unread'), body: { seq } }),
    readThread: (id: string, rootId: string, seq: number) =>
      call<ConversationMe>({ method: 'POST', path: one(id, 'threads', rootId, 'read'), body: { seq } }),
    updateMine: (id: string, body: OwnSettings) => call<ConversationMe>({ method: 'PATCH', path: one(id, 'me'), body }),
    createInvite: (id: string, body: RestInput<'createInvite'> = {}) => call<Invite>({ method: 'POST', path: one(id, 'invites'), body }),
    invites: (id: string) => call<Page<Invite>>({ method: 'GET', path: one(id, 'invites') }),
    revokeInvite: (id: string, code: string) => call<void>({ method: 'DELETE', path: one(id, 'invites', code) }),
    acceptInvite: (code: string) => call<Conversation>({ method: 'POST', path: at('invites', code, 'accept') }),
    channels: (q = '', page: PageQuery = {}) => call<Page<ChannelInfo>>({ method: 'GET', path: '/v1/channels', query: { q, ...page } }),
    changes: (since?: string, limit?: number) => call<ChangesPage>({ method: 'GET', path: '/v1/changes', query: { since, limit } }),
    sync: (cursors: Record<string, number>) => call<SyncPage>({ method: 'POST', path: '/v1/sync', body: { cursors } }),
  };
}

function webhookRoutes(call: Call) {
  const of = (id: string, ...rest: string[]) => at('conversations', id, 'webhooks', ...rest);
  return {
    /** With `url` an outgoing one, else an incoming one. Its secret, or its address, is in this answer only. */
    createWebhook: (id: string, body: RestInput<'createWebhook'>) => call<CreatedWebhook>({ method: 'POST', path: of(id), body }),
    webhooks: (id: string) => call<Page<Webhook>>({ method: 'GET', path: of(id) }),
    enableWebhook: (id: string, webhookId: string, enabled: boolean) =>
      call<Webhook>({ method: 'PATCH', path: of(id, webhookId), body: { enabled } }),
    deleteWebhook: (id: string, webhookId: string) => call<void>({ method: 'DELETE', path: of(id, webhookId) }),
    /** Those that wait for another try, or were given up. */
    webhookDeliveries: (id: string, webhookId: string) =>
      call<Page<WebhookDelivery>>({ method: 'GET', path: of(id, webhookId, 'deliveries') }),
    retryDelivery: (id: string, webhookId: string, deliveryId: string) =>
      call<void>({ method: 'POST', path: of(id, webhookId, 'deliveries', deliveryId, 'retry') }),
  };
}

/** For administrators of the installation. */
function botRoutes(call: Call) {
  return {
    createBot: (displayName: string) => call<Bot & { token: string }>({ method: 'POST', path: '/v1/admin/bots', body: { displayName } }),
    bots: () => call<Page<Bot>>({ method: 'GET', path: '/v1/admin/bots' }),
    renewBotToken: (id: string) => call<{ user: User; token: string }>({ method: 'POST', path: at('admin', 'bots', id, 'token') }),
    deleteBot: (id: string) => call<void>({ method: 'DELETE', path: at('admin', 'bots', id) }),
  };
}

function messageRoutes(call: Call) {
  const of = (id: string, ...rest: string[]) => at('conversations', id, 'messages', ...rest);
  const toggle = (on: boolean) => (on ? 'PUT' : 'DELETE');
  return {
    messages: async (id: string, query: HistoryQuery = {}): Promise<HistoryPage> => {
      const { items, ...page } = await call<HistoryPage & { items: Message[] }>({ method: 'GET', path: of(id), query: { ...query } });
      return { ...page, messages: items };
    },
    message: (id: string, messageId: string) => call<Message>({ method: 'GET', path: of(id, messageId) }),
    /** The answers to one message, ascending; the newest page unless `before` or `after` says otherwise. */
    thread: async (id: string, rootId: string, query: Omit<HistoryQuery, 'around'> = {}): Promise<ThreadPage> => {
      const { items, ...page } = await call<ThreadPage & { items: Message[] }>({
        method: 'GET',
        path: of(id),
        query: { thread: rootId, ...query },
      });
      return { ...page, messages: items };
    },
    pins: async (id: string): Promise<PinnedPage> => {
      const { items, asOf } = await call<{ items: Message[]; asOf: number }>({ method: 'GET', path: at('conversations', id, 'pins') });
      return { messages: items, asOf };
    },
    /** Messages that one may read, by words and filters; newest first. */
    search: (query: Partial<RestInput<'search'>>) => call<SearchPage>({ method: 'GET', path: '/v1/search', query: { ...query } }),
    sendMessage: (id: string, body: SendInput & { clientMsgId: string }) => call<SendResult>({ method: 'POST', path: of(id), body }),
    editMessage: (id: string, messageId: string, body: string) =>
      call<unknown>({ method: 'PATCH', path: of(id, messageId), body: { body } }),
    deleteMessage: (id: string, messageId: string) => call<unknown>({ method: 'DELETE', path: of(id, messageId) }),
    react: (id: string, messageId: string, emoji: string, on: boolean) =>
      call<unknown>({ method: toggle(on), path: of(id, messageId, 'reactions', emoji) }),
    /** Who reacted with this emoji, the first one first. */
    reactors: (id: string, messageId: string, emoji: string, query: PageQuery = {}) =>
      call<Page<Reactor>>({ method: 'GET', path: of(id, messageId, 'reactions', emoji), query: { ...query } }),
    pin: (id: string, messageId: string, on: boolean) => call<unknown>({ method: toggle(on), path: of(id, messageId, 'pin') }),
    removePreviews: (id: string, messageId: string) => call<unknown>({ method: 'DELETE', path: of(id, messageId, 'previews') }),
    messageReceipts: (id: string, messageId: string) => call<Page<MessageReceipt>>({ method: 'GET', path: of(id, messageId, 'receipts') }),
  };
}
