import type { ConversationKind, Level, PresenceStatus } from '@chatcluster/protocol';

/** When somebody does not want to be disturbed. */
export interface QuietTimes {
  /** Minutes of the day, 0 to 1439; `to` before `from` goes over midnight. */
  from: number | null;
  to: number | null;
  /** IANA name. */
  timeZone: string | null;
  /** Epoch milliseconds. */
  untilMs: number | null;
}

/** One message and one member who has not read it. */
export interface Candidate {
  conversationId: string;
  kind: ConversationKind;
  /** Over a hundred members: only mentions are worth a sound. */
  large: boolean;
  seq: number;
  userId: string;
  level: Level;
  mentioned: boolean;
  /** The member has blocked the author. */
  blocked: boolean;
  hasPush: boolean;
  /** A confirmed address, and mails are wanted. */
  hasMail: boolean;
  quiet: QuietTimes;
}

export type Channel = 'push' | 'mail';

/** One person is to be told of one conversation; several messages are one notice. */
export interface Notice {
  userId: string;
  conversationId: string;
  channel: Channel;
  firstSeq: number;
  lastSeq: number;
  mentioned: boolean;
  dueInMs: number;
}

export interface PlanOptions {
  nowMs: number;
  /** Somebody who is online gets this long to read it on an open device. */
  onlineDelayMs: number;
  /** Somebody who is away gets the messages of this time together. */
  mergeMs: number;
  /** undefined: no mails. */
  mailDelayMs: number | undefined;
}

/** Within the daily hours, or before the end of "do not disturb until". A time zone that this machine does not know is UTC. */
export function isQuiet({ from, to, timeZone, untilMs }: QuietTimes, nowMs: number): boolean {
  if (untilMs !== null && nowMs < untilMs) return true;
  if (from === null || to === null || from === to) return false;
  const minute = minuteOfDay(nowMs, timeZone ?? 'UTC');
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

function minuteOfDay(nowMs: number, timeZone: string): number {
  const zone = isTimeZone(timeZone) ? timeZone : 'UTC';
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(
    nowMs,
  );
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return read('hour') * 60 + read('minute');
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether this message is any business of this member, by their level. A direct message is always meant for them. */
function isWanted({ level, mentioned, blocked, large, kind }: Candidate): boolean {
  if (blocked || level === 'none') return false;
  if (mentioned || kind === 'direct') return true;
  return level === 'all' && !large;
}

function channelsOf(candidate: Candidate, status: PresenceStatus, { nowMs, mailDelayMs }: PlanOptions): Channel[] {
  if (!isWanted(candidate)) return [];
  const isDisturbing = status === 'dnd' || isQuiet(candidate.quiet, nowMs);
  const isPersonal = candidate.mentioned || candidate.kind === 'direct';
  return [
    ...(candidate.hasPush && !isDisturbing ? (['push'] as const) : []),
    ...(candidate.hasMail && isPersonal && mailDelayMs !== undefined ? (['mail'] as const) : []),
  ];
}

/** Who is to be told of these messages, how and when: one notice per person, conversation and channel. */
export function decideNotifications(
  candidates: readonly Candidate[],
  presence: ReadonlyMap<string, PresenceStatus>,
  options: PlanOptions,
): Notice[] {
  const notices = new Map<string, Notice>();
  for (const candidate of candidates) {
    const { userId, conversationId, seq, mentioned } = candidate;
    const status = presence.get(userId) ?? 'offline';
    for (const channel of channelsOf(candidate, status, options)) {
      const key = `${userId} ${conversationId} ${channel}`;
      const known = notices.get(key);
      const pushInMs = status === 'online' ? options.onlineDelayMs : options.mergeMs;
      notices.set(key, {
        userId,
        conversationId,
        channel,
        firstSeq: Math.min(known?.firstSeq ?? seq, seq),
        lastSeq: Math.max(known?.lastSeq ?? seq, seq),
        mentioned: mentioned || (known?.mentioned ?? false),
        dueInMs: channel === 'push' ? pushInMs : (options.mailDelayMs ?? 0),
      });
    }
  }
  return [...notices.values()];
}

/** What has become of a notice when its time has come. */
export interface DueNotice {
  channel: Channel;
  lastSeq: number;
  /** null: not a member any more, or the conversation is gone. */
  readSeq: number | null;
  level: Level;
  quiet: QuietTimes;
}

/** Whether to tell them after all: they may have read it on an open device, left, or gone quiet meanwhile. */
export function decideDelivery(due: DueNotice, status: PresenceStatus, nowMs: number): boolean {
  if (due.readSeq === null || due.readSeq >= due.lastSeq || due.level === 'none') return false;
  // A mail is for those who were not there all the time.
  if (due.channel === 'mail') return status === 'offline';
  return status !== 'dnd' && !isQuiet(due.quiet, nowMs);
}
