import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ConversationSnapshot } from '../../state/model.ts';
import type { Row } from '../../state/rows.ts';
import { useModel, useView } from '../app/context.tsx';
import { indexOfSeq, landingIndex, type Sight } from './first-sight.ts';
import type { Scroller, Virtualizer } from './MessageList.tsx';

/** Within this distance of the end the list follows new messages. */
export const PINNED_PX = 60;
/** How long the message that one was taken to stands out. */
const HIGHLIGHT_MS = 3_000;

/** Somebody is in front of the page. */
export const isLookedAt = () => document.visibilityState === 'visible' && document.hasFocus();

/** Calls when somebody comes back to the page. */
export function useLookedAtAgain(look: () => void): void {
  useEffect(() => {
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [look]);
}

/**
 * After which seq the "New" line stands. It stays where it was when the conversation was opened, until one leaves, and
 * comes to what arrives while nobody looks at the page.
 */
export function useNewLine(conversationId: string, { unread, readSeq }: ConversationSnapshot): number | undefined {
  const { client } = useModel();
  const [line, setLine] = useState(() => (unread > 0 ? readSeq : undefined));
  const heldSeq = useView((view) => (view.heldUnread?.conversationId === conversationId ? view.heldUnread.seq : undefined));
  useEffect(
    () =>
      client.subscribe(() => {
        const now = client.conversation(conversationId);
        if (now.unread > 0 && !isLookedAt()) setLine((before) => (before === undefined || before < now.readSeq ? now.readSeq : before));
      }),
    [client, conversationId],
  );
  return heldSeq === undefined ? line : heldSeq - 1;
}

interface Landing extends Sight {
  virtualizer: Virtualizer;
}

/**
 * The first sight: the first unread message a third from the top, otherwise the end. Then every place that one is taken to,
 * as soon as it is loaded. Gives the seq of the message that stands out for a moment.
 */
export function useLanding({ virtualizer, rows, place, hasBefore }: Landing): number | undefined {
  const landedAt = useRef<number>(undefined);
  const [overAt, setOverAt] = useState<number>();
  const target = place && overAt !== place.at ? targetSeq(rows, place.seq, hasBefore) : undefined;
  useLayoutEffect(() => {
    if (rows.length === 0 || landedAt.current === (place?.at ?? landedAt.current ?? 0)) return;
    const index = landingIndex({ rows, place, hasBefore });
    if (place && index === undefined) return; // Not loaded yet.
    landedAt.current = place?.at ?? 0;
    const land = () => (index === undefined ? virtualizer.scrollToEnd() : virtualizer.scrollToIndex(index, { align: 'start' }));
    land();
    // Rows that were measured just now make the list higher with the next commit, which React makes at once: before that the
    // browser stops short of a place near the end.
    queueMicrotask(() => virtualizer.scrollElement && land());
  }, [virtualizer, rows, place, hasBefore]);
  useEffect(() => {
    if (target === undefined) return;
    const timer = setTimeout(() => setOverAt(place?.at), HIGHLIGHT_MS);
    return () => clearTimeout(timer);
  }, [target, place]);
  return target;
}

function targetSeq(rows: readonly Row[], seq: number, hasBefore: boolean): number | undefined {
  const index = indexOfSeq(rows, seq, hasBefore);
  return index === undefined ? undefined : messageAt(rows, index)?.seq;
}

interface Reading {
  conversationId: string;
  virtualizer: Virtualizer;
  rows: readonly Row[];
  scroller: Scroller;
  hasAfter: boolean;
}

/** Where the reader is; reports what was seen as read while the page is looked at. */
export function useReading({ conversationId, virtualizer, rows, scroller, hasAfter }: Reading) {
  const { client, view } = useModel();
  const [isPinned, setPinned] = useState(true);
  const [topDay, setTopDay] = useState<string>();
  const [seenSeq, setSeenSeq] = useState(0);
  const look = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const bottom = element.scrollTop + element.clientHeight;
    setPinned(!hasAfter && element.scrollHeight - bottom <= PINNED_PX);
    const visible = virtualizer.getVirtualItems().filter(({ start, end }) => end > element.scrollTop && start + 20 < bottom);
    const messages = visible.flatMap(({ index }) => messageAt(rows, index) ?? []);
    setTopDay(messages[0]?.at);
    const seen = messages.findLast(({ seq }) => seq !== undefined)?.seq;
    if (seen === undefined) return;
    setSeenSeq((before) => Math.max(before, seen));
    if (!isLookedAt() || view.getState().heldUnread?.conversationId === conversationId) return;
    if (seen > client.conversation(conversationId).readSeq) client.markRead(conversationId, seen);
  }, [client, view, conversationId, rows, scroller, virtualizer, hasAfter]);
  useEffect(() => {
    const frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [look]);
  useLookedAtAgain(look);
  return { isPinned, seenSeq, topDay, onScroll: look };
}

function messageAt(rows: readonly Row[], index: number) {
  const row = rows[index];
  return row?.kind === 'message' ? row.message : undefined;
}
