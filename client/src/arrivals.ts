import type { Conversation, Entry } from '@chatcluster/protocol';
import type { Book } from './book.ts';
import type { Emitter } from './emitter.ts';
import { isNote, messageOfEntry } from './fold.ts';
import type { Outbox } from './outbox.ts';
import type { Panels } from './panels.ts';
import type { Receipts } from './receipts.ts';
import type { Typing } from './typing.ts';

export interface ArrivalDeps {
  book: Book;
  outbox: Outbox;
  panels: Panels;
  typing: Typing;
  receipts: Receipts;
  emitter: Emitter;
  me(): string;
  isBlocked(userId: string): boolean;
  /** False: known before the stored log was opened, only folded into it now. */
  isNews(conversationId: string, seq: number): boolean;
  isLive(): boolean;
}

export type Arrivals = ReturnType<typeof createArrivals>;

/** What else follows when entries were applied, or conversations listed. */
export function createArrivals(deps: ArrivalDeps) {
  const { book, outbox, panels, typing, receipts, emitter, me, isLive } = deps;
  return {
    applied(conversation: Conversation, entries: readonly Entry[]): void {
      const { id } = conversation;
      outbox.seen(id, entries);
      panels.applied(id, entries);
      const news = entries.filter((e) => e.actorId !== me() && deps.isNews(id, e.seq));
      const others = news.filter((e) => e.type === 'message');
      for (const entry of others) typing.received(id, entry.actorId, false);
      const last = others.at(-1);
      if (last && last.seq > conversation.me.deliveredSeq) receipts.note({ conversationId: id, delivered: last.seq });
      if (!isLive()) return;
      for (const entry of news) {
        if (isNote(entry)) emitter.emit('note', { conversation, note: entry });
        else if (entry.type === 'message' && !deps.isBlocked(entry.actorId))
          emitter.emit('message', { conversation, message: messageOfEntry(book.context(id), entry) });
      }
    },

    /** This device has the newest message of it now, so everything up to there arrived. */
    listed({ id, lastSeq, me: own }: Conversation): void {
      if (own.unread > 0 && lastSeq > own.deliveredSeq) receipts.note({ conversationId: id, delivered: lastSeq });
      outbox.passed(id, book.get(id)?.log.cursor ?? 0);
    },
  };
}
