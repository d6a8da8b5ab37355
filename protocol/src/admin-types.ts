import type { ConversationKind, User } from './types.ts';

export type ReportStatus = 'open' | 'resolved' | 'dismissed';

/** What somebody reported: a message, or a person. Times are ISO 8601 UTC with milliseconds. */
export interface Report {
  id: string;
  reporterId: string;
  /** The person whom it is about; of a message, its author. */
  userId: string;
  conversationId?: string;
  messageId?: string;
  /** The message as it was when it was reported. */
  body?: string;
  reason: string;
  status: ReportStatus;
  createdAt: string;
  resolvedAt?: string;
  resolvedBy?: string;
  note?: string;
}

export interface AdminUser extends User {
  email?: string;
  admin: boolean;
  createdAt: string;
  lastSeenAt?: string;
  suspendedAt?: string;
  /** Sessions that have not ended. */
  sessions: number;
}

/** Of a conversation an administrator sees what it is, not what is said in it. */
export interface AdminConversation {
  id: string;
  kind: ConversationKind;
  title?: string;
  memberCount: number;
  lastSeq: number;
  createdAt: string;
  lastAt: string;
  archived?: boolean;
  /** Its own rule: days that messages are kept, 0 for ever. Absent: as all the others. */
  retentionDays?: number;
}

export interface AuditEntry {
  id: string;
  at: string;
  /** Absent: the installation itself did it. */
  actorId?: string;
  /** Such as `user.suspended`. */
  action: string;
  targetType?: 'user' | 'conversation' | 'message' | 'report' | 'session';
  targetId?: string;
  address?: string;
  details: Record<string, unknown>;
}

/** The load of one pod, as it said itself a moment ago. */
export interface PodFigures {
  podId: string;
  role: string;
  version: string;
  connections: number;
  /** Entries that this pod committed, per second. */
  messagesPerSecond: number;
  acceptPerSecond: number;
  loopLagP99Ms: number;
  /** 0 to 1. */
  eventLoopUtilization: number;
  /** 0 to 1. */
  heapUsedRatio: number;
  postgres: boolean;
  takesSockets: boolean;
}

export interface AdminStats {
  at: string;
  users: number;
  guests: number;
  conversations: number;
  openReports: number;
  suspended: number;
  /** Entries committed since the first start, estimated from the statistics of the tables. */
  entries: number;
  /** Without Redis only the pod that answers. */
  pods: PodFigures[];
}

/** What a purge with some age would take now. */
export interface RetentionPreview {
  entries: number;
  messages: number;
  conversations: number;
  auditLines: number;
}

/** Days that something is kept; 0: for ever. */
export interface RetentionDays {
  messagesDays: number;
  auditDays: number;
}

/** How long things are kept. */
export interface RetentionSettings extends RetentionDays {
  /** What the installation was set up with; it counts until an administrator says otherwise. */
  defaults: RetentionDays;
  /** How often is looked for what is too old. */
  sweepSeconds: number;
}
