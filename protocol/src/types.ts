import type { EndedCode, WireError } from './errors.ts';
import type { Limits } from './limits.ts';

export type ConversationKind = 'direct' | 'group' | 'channel';
export type Role = 'owner' | 'admin' | 'member' | 'readonly';
export type Level = 'all' | 'mentions' | 'none';
export type PresenceStatus = 'online' | 'away' | 'dnd' | 'offline';
export type PresenceSetting = 'online' | 'away' | 'dnd' | 'invisible';

/** A person as others see them. Ids are UUID strings, times ISO 8601 UTC with milliseconds. */
export interface User {
  id: string;
  displayName: string;
  avatarUrl?: string;
  statusText?: string;
  guest: boolean;
  /** A program: a user with a token of its own, or the voice of an incoming webhook. */
  bot?: 'bot' | 'webhook';
}

/** The caller's own record. */
export interface OwnUser extends User {
  email?: string;
  emailVerified: boolean;
  admin: boolean;
  /** The language that mails to this person are written in, where there is a translation; absent: never said. */
  locale?: string;
}

export interface Presence {
  userId: string;
  status: PresenceStatus;
  lastSeenAt: string | null;
}

export interface Member {
  userId: string;
  role: Role;
  joinedAt: string;
  deliveredSeq: number;
  readSeq: number;
}

/** How far a member has come. */
export type Position = Pick<Member, 'userId' | 'deliveredSeq' | 'readSeq'>;

/** By conversation; those that one is not in, or that have more than 100 members, are left out. */
export interface PositionsPage {
  positions: Record<string, Position[]>;
}

export interface ConversationMe {
  role: Role;
  /** The first seq that this member may read. */
  firstSeq: number;
  readSeq: number;
  deliveredSeq: number;
  unread: number;
  mentions: number;
  level: Level;
  favourite?: boolean;
  /** How far threads were read beside the conversation, by the id of their root: the 200 furthest. */
  threads?: Record<string, number>;
  /** Grows whenever the own membership, position or settings change, or whom one has blocked here: the higher one is the newer picture. */
  version?: number;
  /** `unread` and `mentions` count the entries up to here. */
  asOf?: number;
}

export interface Conversation {
  id: string;
  kind: ConversationKind;
  title?: string;
  topic?: string;
  createdAt: string;
  lastSeq: number;
  lastMessage?: Message;
  history: 'all' | 'joined';
  matched?: boolean;
  archived?: boolean;
  /** Everything up to this number was removed by age. */
  trimmedSeq?: number;
  memberCount: number;
  /** Present up to 100 members. */
  members?: Member[];
  me: ConversationMe;
}

export interface Attachment {
  fileId: string;
  name: string;
  type: string;
  bytes: number;
  width?: number;
  height?: number;
  /** Paths of this installation; each redirects to a URL that works for a short while. */
  url: string;
  thumbnailUrl?: string;
  /** A tiny picture as a data URL, to be shown blurred until the thumbnail has come. */
  preview?: string;
}

/** How to upload a file, or a part of it: this request with the bytes as its body. */
export interface UploadRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
}

export interface UploadPart extends UploadRequest {
  /** From 1. */
  number: number;
  /** Where in the file it begins. */
  offset: number;
  bytes: number;
  /** It is there already: an upload that goes on passes it over. */
  received: boolean;
}

/** Answer of `POST /v1/files`. */
export interface FileUpload {
  fileId: string;
  /** Unless it is uploaded in parts. */
  upload?: UploadRequest;
  parts?: UploadPart[];
}

/** Where a forwarded message came from. Whoever may not read it there learns that it exists, no more. */
export interface ForwardedFrom {
  conversationId: string;
  messageId: string;
  actorId: string;
  at: string;
}

/** What a link leads to. All of it was written by strangers: it is text, never markup. */
export interface LinkPreview {
  /** The link as it stands in the body. */
  url: string;
  /** What the site calls itself, else its host. */
  siteName: string;
  title?: string;
  description?: string;
  /** A copy that this installation keeps: readers tell nobody that they look at it. */
  image?: {
    fileId: string;
    /** As in `Attachment`. */
    url: string;
    width: number;
    height: number;
    preview?: string;
  };
}

export interface Reaction {
  emoji: string;
  count: number;
  me: boolean;
}

/** A message with later edits, deletions, reactions and pins folded in. */
export interface Message {
  id: string;
  seq: number;
  conversationId: string;
  actorId: string;
  at: string;
  body: string;
  editedAt?: string;
  deletedAt?: string;
  replyTo?: string;
  threadRoot?: string;
  replyCount?: number;
  attachments: Attachment[];
  mentions: string[];
  /** Everybody in the conversation is meant (@all). */
  mentionAll?: boolean;
  forwardedFrom?: ForwardedFrom;
  reactions: Reaction[];
  /** Of the links of its body, made a moment after it was sent. */
  previews?: LinkPreview[];
  pinnedAt?: string;
}

/** What a person wants to be told of; levels are set per conversation. */
export interface NotificationSettings {
  /** Every day; `to` before `from` goes over midnight. Times are HH:MM in an IANA time zone. */
  quietHours: { from: string; to: string; timeZone: string } | null;
  quietUntil: string | null;
  /** Mails for mentions and direct messages that were missed. */
  mail: boolean;
  /** Whether pushes say what was written. */
  previews: boolean;
}

interface EntryBase {
  seq: number;
  id: string;
  at: string;
  actorId: string;
  clientMsgId?: string;
}

export interface MessageData {
  body: string;
  replyTo?: string;
  threadRoot?: string;
  attachments?: Attachment[];
  mentions?: string[];
  mentionAll?: boolean;
  forwardedFrom?: ForwardedFrom;
}
export interface MemberData {
  userId: string;
  action: 'added' | 'joined' | 'left' | 'removed' | 'role';
  role?: Role;
}

/** One durable change of a conversation; `seq` is contiguous per conversation. */
export type Entry =
  | (EntryBase & { type: 'message'; data: MessageData })
  | (EntryBase & { type: 'edit'; data: { messageId: string; body: string } })
  | (EntryBase & { type: 'delete'; data: { messageId: string } })
  | (EntryBase & { type: 'reaction'; data: { messageId: string; emoji: string; on: boolean } })
  | (EntryBase & { type: 'pin'; data: { messageId: string; on: boolean } })
  /** From now on the message has these previews and no others; the actor is its author, or whoever took them away. */
  | (EntryBase & { type: 'preview'; data: { messageId: string; previews: LinkPreview[] } })
  | (EntryBase & { type: 'member'; data: MemberData })
  | (EntryBase & { type: 'conversation'; data: { title?: string; topic?: string; archived?: boolean } });
export type EntryType = Entry['type'];

/** What happened in a conversation beside its messages: people come and go, it is named, described or archived. */
export type Note = Extract<Entry, { type: 'member' | 'conversation' }>;

export interface SendResult {
  status: 'stored' | 'queued';
  id: string;
  seq?: number;
  at: string;
  duplicate?: boolean;
}

export interface Removed {
  conversationId: string;
  reason: 'left' | 'removed' | 'deleted';
}

export interface ChangesPage {
  conversations: Conversation[];
  removed: Removed[];
  /** The token for the following page and, at the end, for the next time. */
  next: string;
  more: boolean;
  /** The given token could not be used any more: this is everything. */
  reset?: boolean;
}

export interface Limited {
  /** Both ends inclusive. */
  from: number;
  to: number;
  reason: 'too_many' | 'not_member' | 'trimmed';
}

export interface SyncPage {
  entries: Record<string, Entry[]>;
  limited: Record<string, Limited>;
  /** Conversations in which the caller's cursor is above the server's last seq. */
  reset: string[];
  more: boolean;
}

export interface HistoryPage {
  /** Ascending by seq. */
  messages: Message[];
  hasBefore: boolean;
  hasAfter: boolean;
  /** The last seq folded into these messages: apply only later entries over them. */
  asOf?: number;
  /** What happened between these messages, up to where the pages before and after begin; the newest only when there is very much of it. Ascending by seq. */
  notes?: Note[];
}

/** The answers to one message: a page of them and the message itself, of one moment. */
export interface ThreadPage extends HistoryPage {
  root: Message;
}

/** The latest pin first. */
export interface PinnedPage {
  messages: Message[];
  /** As in `HistoryPage`. */
  asOf: number;
}

export interface SearchHit {
  message: Message;
  /** Of a conversation without a title: its people. */
  conversationTitle: string;
  /** `ranges` of `text` that matched: UTF-16 code units, the end excluded. */
  snippet: { text: string; ranges: [number, number][] };
}

/** Newest first. */
export interface SearchPage {
  items: SearchHit[];
  nextCursor: string | null;
  /** Nothing had these words: these are the results for words that look like them. */
  similar?: boolean;
}

/** Somebody who reacted to a message with one emoji. */
export interface Reactor {
  userId: string;
  at: string;
}

/** Of one other member who may read the message. */
export interface MessageReceipt {
  userId: string;
  delivered: boolean;
  read: boolean;
}

export interface SessionReady {
  userId: string;
  sessionId: string;
  podId: string;
  version: string;
  epoch: number;
  serverTime: string;
  expiresAt: string;
  limits: Limits;
}

export interface AuthResult {
  user: OwnUser;
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  sessionId: string;
  refreshToken?: string;
}

export interface SessionInfo {
  id: string;
  current: boolean;
  deviceId?: string;
  userAgent?: string;
  address?: string;
  createdAt: string;
  lastUsedAt: string;
}

/** Server → client events and their payloads. */
export interface ServerEvents {
  'session:ready': SessionReady;
  'session:expiring': { expiresAt: string };
  'session:ended': { code: EndedCode; message: string; reconnect: boolean };
  /** `traceparent` (W3C): the trace of the send, where the installation records traces. */
  entries: { conversationId: string; entries: Entry[]; traceparent?: string };
  receipts: { conversationId: string; userId: string; delivered?: number; read?: number };
  typing: { conversationId: string; userId: string; on: boolean };
  presence: Presence;
  profile: { user: User };
  'conversation:added': { conversation: Conversation };
  'conversation:removed': Removed;
  'conversation:me': { conversationId: string; me: ConversationMe };
  /** Whom this account has blocked: the whole list, on connecting and whenever it changed on any device. */
  blocks: { userIds: string[] };
  'message:rejected': { conversationId: string; clientMsgId: string; error: WireError };
  changes: ChangesPage;
  resync: { reason: 'history_trimmed' | 'server'; conversationIds?: string[] };
  'server:drain': { reconnectInMs: number; reason: 'shutdown' | 'rebalance' | 'max_age' };
}
export type ServerEventName = keyof ServerEvents;
