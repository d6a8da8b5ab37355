import type { ConversationKind, EntryType, User } from './types.ts';

/** A link by which others may come into a conversation. */
export interface Invite {
  code: string;
  url: string;
  createdBy: string;
  createdAt: string;
  expiresAt: string;
  /** Absent: as many as come. */
  maxUses?: number;
  uses: number;
}

/** What whoever holds the link may know before coming in. */
export interface InvitePreview {
  kind: ConversationKind;
  title?: string;
  topic?: string;
  memberCount: number;
  invitedBy?: string;
  expiresAt: string;
}

export type WebhookEvent = Exclude<EntryType, 'preview'>;

export interface Webhook {
  id: string;
  kind: 'incoming' | 'outgoing';
  name: string;
  /** Of an incoming one: who its messages are from. */
  userId?: string;
  /** Of an outgoing one: where entries are sent. */
  url?: string;
  events: WebhookEvent[];
  createdBy: string;
  createdAt: string;
  /** Nothing is sent any more: it was switched off, or too much was given up in a row. */
  disabledAt?: string;
  /** Deliveries given up in a row. */
  failures: number;
}

/** As it is answered once, when it is made: `secret` of an outgoing one, the address `url` to call of an incoming one. */
export interface CreatedWebhook extends Webhook {
  secret?: string;
}

/** One that waits for another try, or was given up (`failedAt`). */
export interface WebhookDelivery {
  id: string;
  seq: number;
  attempts: number;
  error?: string;
  failedAt?: string;
  nextAttemptAt?: string;
}

export interface Bot {
  user: User;
  createdAt: string;
  /** To the minute. */
  lastUsedAt?: string;
  suspendedAt?: string;
}
