import type {
  Attachment,
  ConnectAuth,
  Conversation,
  ConversationKind,
  ErrorCode,
  EndedCode,
  InvitePreview,
  Level,
  Member,
  Message,
  Note,
  OwnUser,
  Presence,
  PresenceSetting,
  ServerEventName,
  ServerEvents,
  SessionReady,
  User,
  WireError,
} from '@chatcluster/protocol';
import type { AccountApi } from './account.ts';
import type { NetworkHints, Scheduler } from './scheduler.ts';
import type { Panels } from './panels.ts';
import type { Threads } from './threads.ts';
import type { Rest } from './rest.ts';
import type { Store } from './store.ts';
import type { Upload } from './upload.ts';
import type { TransportFactory } from './transport.ts';

/**
 * What the connection is doing.
 *
 * - `idle`: `start()` was not called, or `stop()` was
 * - `connecting`: a socket is being opened and credentials are being sent
 * - `syncing`: the socket is live; what was missed is being read
 * - `live`: everything is up to date
 * - `waiting`: the next attempt is at `nextAttemptAt`
 * - `offline`: the device has no network; an attempt follows at once when it is back
 * - `refused`: the server does not want this client (`code`); only `start()` or a new login leaves this state
 */
export type ConnectionState = 'idle' | 'connecting' | 'syncing' | 'live' | 'waiting' | 'offline' | 'refused';

export interface ConnectionSnapshot {
  readonly state: ConnectionState;
  /** Failed attempts since the last time the connection was live. */
  readonly attempt: number;
  /** Epoch milliseconds of the next attempt, in `waiting` only. */
  readonly nextAttemptAt?: number;
  /** Why the last attempt or session ended, in `waiting` and `refused`. */
  readonly code?: ErrorCode | EndedCode;
  readonly message?: string;
  /** The pod that serves this client, in `syncing` and `live`. */
  readonly podId?: string;
}

/** Own messages carry how far they have come; `sent` is stored by the server, the others are about the other members. */
export type DeliveryState = 'sent' | 'delivered' | 'read';

/** A message of the log. `delivery` is set on the user's own messages only. */
export interface ChatMessage extends Message {
  readonly delivery?: DeliveryState;
  readonly clientMsgId?: string;
}

/**
 * - `queued`: not handed to the server yet (offline, or an earlier send is still open), or in the server's durable queue
 * - `sending`: handed over, no answer yet
 * - `sent`: acknowledged as stored, its entry is not here yet
 * - `failed`: refused for good; see `error`, then `retry()` or `discard()`
 */
export type PendingState = 'queued' | 'sending' | 'sent' | 'failed';

/** An own message that is not in the log yet. Rendered after `messages`, in this order. */
export interface PendingMessage {
  readonly clientMsgId: string;
  readonly conversationId: string;
  readonly body: string;
  readonly replyTo?: string;
  readonly threadRoot?: string;
  readonly attachments?: readonly string[];
  readonly mentions?: readonly string[];
  readonly mentionAll?: boolean;
  readonly forward?: ForwardSource;
  /** ISO 8601, by this device's clock. */
  readonly createdAt: string;
  readonly state: PendingState;
  /** Set once the server acknowledged it: the id its message will have. */
  readonly messageId?: string;
  readonly error?: WireError;
}

export interface SendInput {
  body: string;
  replyTo?: string;
  threadRoot?: string;
  attachments?: string[];
  mentions?: string[];
  /** @all: owners and admins only, and both people of a direct conversation. @default false */
  mentionAll?: boolean;
  /** Forwards this message; the server takes body and attachments from there, `body` is only shown until then. */
  forward?: ForwardSource;
}

export interface ForwardSource {
  readonly conversationId: string;
  readonly messageId: string;
}

/** The answers to one message. Immutable, as `ConversationSnapshot`. */
export interface ThreadSnapshot {
  /** Undefined until it is loaded. */
  readonly root: ChatMessage | undefined;
  /** Ascending by `seq`: the newest ones that are loaded. */
  readonly messages: readonly ChatMessage[];
  readonly pending: readonly PendingMessage[];
  readonly hasBefore: boolean;
  readonly loaded: boolean;
  readonly loading: boolean;
}

/** What is pinned, the latest pin first. */
export interface PinsSnapshot {
  readonly messages: readonly ChatMessage[];
  readonly loaded: boolean;
  readonly loading: boolean;
}

/** Everything about one conversation. Immutable: parts that did not change keep their identity. */
export interface ConversationSnapshot {
  readonly id: string;
  /** Undefined until the conversation is known (opened by link before the first `changes`). */
  readonly conversation: Conversation | undefined;
  /** Ascending by `seq`, without holes: the newest stretch that is loaded, or the one that `jumpTo` went to. */
  readonly messages: readonly ChatMessage[];
  /** Who came, went or named it, between and around these messages. Ascending by `seq`, which they share with the messages. */
  readonly notes: readonly Note[];
  readonly pending: readonly PendingMessage[];
  /** Older messages can be loaded with `loadOlder`. */
  readonly hasBefore: boolean;
  /** `messages` end before the newest one: `loadNewer` and `jumpToNewest` lead there. `pending` belongs behind the newest. */
  readonly hasAfter: boolean;
  /** `open()` has loaded the first page. */
  readonly loaded: boolean;
  /** A page of history is being loaded. */
  readonly loading: boolean;
  /** User ids that are typing now, others only. */
  readonly typing: readonly string[];
  readonly members: readonly Member[];
  readonly unread: number;
  readonly mentions: number;
  /** The own read position. */
  readonly readSeq: number;
}

/** Typed events of `client.on`. Server events pass through unchanged after the SDK has applied them. */
export type ClientEvents = { [E in ServerEventName]: ServerEvents[E] } & {
  connection: ConnectionSnapshot;
  /** A message of somebody else arrived live (not by catching up on connect); for sounds and notifications. */
  message: { conversation: Conversation; message: ChatMessage };
  /** Somebody else came, went, or changed the conversation, live. */
  note: { conversation: Conversation; note: Note };
  /** A send failed for good. */
  'send:failed': { pending: PendingMessage; error: WireError };
  /** The user is signed out: by `logout()`, or because the session ended. */
  'signed-out': { code?: ErrorCode | EndedCode };
};

export interface SignedIn {
  user: OwnUser;
  sessionId: string;
}

/** A link comes by mail; whether there is such an account is not told. */
export interface MailSent {
  mailSent: true;
}

/** The password was right; `account.verifyTotp` ends the sign-in. */
export interface MfaChallenge {
  mfaToken: string;
  /** Seconds. */
  expiresIn: number;
}

export interface CreateInput {
  kind: ConversationKind;
  title?: string;
  topic?: string;
  memberIds?: string[];
  history?: 'all' | 'joined';
}

export interface ClientOptions {
  /** Origin of the server, for example `http://localhost:8080`. @default the page's own origin, in a browser */
  url?: string;
  /** `cookie`: browsers, same origin. `body`: refresh tokens are kept by the SDK's `store`. @default cookie in a browser, otherwise body */
  tokens?: 'cookie' | 'body';
  /** @default absent: not sent */
  deviceId?: string;
  /** @default socket.io-client, WebSocket only */
  transport?: TransportFactory;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /** What survives a restart of the app: unsent messages, the changes token, the refresh token. @default memory */
  store?: Store;
  /** @default the browser's `online`/`visibilitychange`; nothing elsewhere */
  network?: NetworkHints;
  /** Clock and timers. @default the system's */
  scheduler?: Scheduler;
  /** @default Math.random */
  random?: () => number;
  /** Makes `clientMsgId`s. @default crypto.randomUUID */
  newId?: () => string;
  /** Gives the W3C traceparent of a send, from the app's own tracer; the server's spans then belong to that trace. @default none */
  traceparent?: () => string | undefined;
  /** How often to ask for changes that no event announced. 0: never. @default 300000 */
  checkEveryMs?: number;
}

export type ConnectCredentials = Pick<ConnectAuth, 'token' | 'since' | 'deviceId'> & { protocol: number };

export interface ConversationChanges {
  title?: string;
  topic?: string;
  archived?: boolean;
}
export interface OwnSettings {
  level?: Level;
  favourite?: boolean;
}

export type Unsubscribe = () => void;

/**
 * The client. `subscribe` plus the snapshot getters fit React's `useSyncExternalStore`: a getter returns the same object
 * until something in it changed.
 */
export interface ChatClient extends AsyncDisposable {
  // Account
  /** Where mail is configured, the account is made by the link in it. */
  register(input: { email: string; password: string; displayName: string }): Promise<SignedIn | MailSent>;
  login(input: { email: string; password: string }): Promise<SignedIn | MfaChallenge>;
  guest(input?: { displayName?: string }): Promise<SignedIn>;
  /** Resumes the session of the cookie or of the store. Undefined: nobody is signed in. */
  resume(): Promise<SignedIn | undefined>;
  /** Signs a program in by the token that an administrator made for it. The token is not kept in the store. */
  useToken(token: string): Promise<SignedIn>;
  logout(): Promise<void>;
  /** Links of mails, second factor, ways to sign in. */
  readonly account: AccountApi;
  /** The signed-in user; undefined before `login`, `register`, `guest` or `resume`. */
  me(): OwnUser | undefined;

  // Connection
  /** Connects and keeps connected. Needs a signed-in user. */
  start(): void;
  /** Disconnects. What was not sent stays in the outbox. */
  stop(): void;
  connection(): ConnectionSnapshot;
  session(): SessionReady | undefined;

  // State
  subscribe(listener: () => void): Unsubscribe;
  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): Unsubscribe;
  /** Latest activity first. */
  conversations(): readonly Conversation[];
  conversation(conversationId: string): ConversationSnapshot;
  /** The user as far as known; undefined starts a lookup in the background, after which subscribers are told. */
  user(userId: string): User | undefined;
  presence(userId: string): Presence | undefined;

  // One conversation
  /** Loads the newest messages once and keeps them up to date, for as long as one is in the conversation. */
  open(conversationId: string): Promise<void>;
  /** Loads one more page of older messages. */
  loadOlder(conversationId: string): Promise<void>;
  /** Loads one more page of newer messages, after `jumpTo`. */
  loadNewer(conversationId: string): Promise<void>;
  /** Makes the messages around `seq` those of the snapshot; loads them unless they are there. */
  jumpTo(conversationId: string, seq: number): Promise<void>;
  /** Back to the newest messages. They were kept up to date meanwhile. */
  jumpToNewest(conversationId: string): void;
  /** Shows it at once as pending; returns its clientMsgId. Never throws for the network. */
  send(conversationId: string, input: SendInput | string): string;
  retry(clientMsgId: string): void;
  discard(clientMsgId: string): void;
  edit(conversationId: string, messageId: string, body: string): Promise<void>;
  remove(conversationId: string, messageId: string): Promise<void>;
  react(conversationId: string, messageId: string, emoji: string, on: boolean): Promise<void>;
  pin(conversationId: string, messageId: string, on: boolean): Promise<void>;
  /** Takes the link previews of a message away for good: one's own, or as an owner or admin. */
  removePreviews(conversationId: string, messageId: string): Promise<void>;
  /** Sends the message on to each of these conversations; shown there at once as pending. Returns the clientMsgIds. */
  forward(message: Pick<Message, 'id' | 'conversationId' | 'body'>, toConversationIds: readonly string[]): string[];
  /** Reads up to `seq`; without it, up to the newest. */
  markRead(conversationId: string, seq?: number): void;
  /** Sets the own read position back, so that the message `seq` and later ones are unread. */
  markUnread(conversationId: string, seq: number): Promise<void>;
  /** Call on every key press with true; throttled. It ends by itself, by sending, or with false. */
  setTyping(conversationId: string, on: boolean): void;

  // Conversations
  createDirect(userId: string): Promise<Conversation>;
  createGroup(input: { title?: string; memberIds: string[]; history?: 'all' | 'joined' }): Promise<Conversation>;
  createChannel(input: { title: string; topic?: string; memberIds?: string[] }): Promise<Conversation>;
  joinChannel(conversationId: string): Promise<Conversation>;
  leave(conversationId: string): Promise<void>;
  /** Where an invite link leads; nobody needs to be signed in. */
  previewInvite(code: string): Promise<InvitePreview>;
  /** Comes in by an invite link. */
  acceptInvite(code: string): Promise<Conversation>;
  update(conversationId: string, changes: ConversationChanges): Promise<Conversation>;
  updateMine(conversationId: string, settings: OwnSettings): Promise<void>;
  deleteConversation(conversationId: string): Promise<void>;
  addMembers(conversationId: string, userIds: string[], role?: Member['role']): Promise<void>;
  setRole(conversationId: string, userId: string, role: Member['role']): Promise<void>;
  removeMember(conversationId: string, userId: string): Promise<void>;

  // People
  setPresence(status: PresenceSetting): Promise<void>;
  /** Replaces the earlier list; kept over reconnects. At most 500. */
  watchPresence(userIds: readonly string[]): void;
  /** Uploads a file, in parts when it is large, and goes on after a lost connection. */
  upload: Upload;
  /** Whom the user has blocked: no direct messages and no presence either way, nothing of theirs is unread. Kept equal on all devices. */
  readonly blocks: { readonly ids: ReadonlySet<string>; set(userId: string, on: boolean): Promise<void> };
  /** Be paired with a random waiting person; the conversation arrives as `conversation:added`. */
  match(on: boolean): Promise<void>;

  /** Threads and pins beside the log, kept up to date once opened. */
  readonly panels: Panels;
  /** What is unread in threads that the user began or wrote in; the same on all devices. */
  readonly threads: Pick<Threads, 'unread' | 'markRead'>;

  /** Every REST route that has no method above: sessions, password, user search, channel browsing, member pages. */
  readonly rest: Rest;
}

export type { Attachment, Conversation, Member, Message, Note, Presence };
