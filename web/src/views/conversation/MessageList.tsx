import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { dayLabel } from '../../state/format.ts';
import { countNewer, planRows, type Row } from '../../state/rows.ts';
import { useChat, useModel, usePrefs, useText } from '../app/context.tsx';
import { MessageRow } from './MessageRow.tsx';
import { ConversationStart, DayRow, dayText, NewRow } from './Separators.tsx';
import { TypingLine } from './TypingLine.tsx';

/** Within this distance of the end the list follows new messages. */
const PINNED_PX = 60;
/** Older messages are asked for before the reader reaches the top. */
const LOAD_OLDER_PX = 800;

const estimates = { start: 180, day: 44, new: 28, message: 40 } as const;

export function MessageList({ conversationId }: { conversationId: string }) {
  const { t, language } = useText();
  const model = useModel();
  const [{ density }] = usePrefs();
  const snapshot = useChat((client) => client.conversation(conversationId));
  const meId = useChat((client) => client.me()?.id) ?? '';
  // The line stays where it was when the conversation was opened, until one leaves.
  const [newAfterSeq] = useState(() => (snapshot.unread > 0 ? snapshot.readSeq : undefined));
  const { messages, pending, hasBefore } = snapshot;
  const rows = useMemo(
    () => planRows({ messages, pending, hasBefore, meId, newAfterSeq }),
    [messages, pending, hasBefore, meId, newAfterSeq],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimates[rows[index]?.kind ?? 'message'] + (isFirst(rows[index]) ? 24 : 0),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 10,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: PINNED_PX,
    paddingEnd: 8,
    // Where a message lands that one is taken to: a third from the top.
    scrollPaddingStart: window.innerHeight / 4,
  });
  useLanding(virtualizer, rows);
  const { isPinned, seenSeq, topDay, onScroll } = useReading(conversationId, virtualizer, rows, scroller);
  useStayPinned(virtualizer, isPinned, scroller);
  useOwnMessagesShown(virtualizer, pending.at(-1)?.clientMsgId);
  const newer = isPinned ? 0 : countNewer(messages, meId, seenSeq);
  const items = virtualizer.getVirtualItems();
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {topDay && !isPinned && virtualizer.isScrolling && (
        <div aria-hidden className="pointer-events-none absolute inset-x-0 top-2 z-10 flex justify-center">
          <span className="rounded-full bg-n1 px-3 py-1 text-xs font-medium text-n11 shadow-float">
            {dayText(t, dayLabel(topDay, language))}
          </span>
        </div>
      )}
      <div
        ref={scroller}
        onScroll={onScroll}
        data-testid="message-list"
        role="log"
        aria-label={t('conversations')}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroller must be reachable with the keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain outline-none [overflow-anchor:none]"
      >
        <div className="flex min-h-full flex-col justify-end">
          <div className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index];
              return (
                row && (
                  <div
                    key={item.key}
                    ref={virtualizer.measureElement}
                    data-index={item.index}
                    className="absolute inset-x-0 top-0"
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <RowView row={row} conversationId={conversationId} density={density} />
                  </div>
                )
              );
            })}
          </div>
        </div>
      </div>
      {!isPinned && (
        <button
          type="button"
          data-testid="jump"
          aria-label={newer > 0 ? `${t('newBelow', { count: newer })}: ${t('jumpToNewest')}` : t('jumpToNewest')}
          onClick={() => virtualizer.scrollToEnd()}
          className="absolute bottom-8 left-1/2 z-10 flex h-9 -translate-x-1/2 items-center gap-1.5 rounded-full bg-n1 px-3 text-sm font-medium text-n12 shadow-float hover:bg-n3"
        >
          {newer > 0 && <span className="text-a11">{t('newBelow', { count: newer })}</span>}
          <ArrowDown className="size-4" />
        </button>
      )}
      <TypingLine conversationId={conversationId} />
      <OlderLoader model={model} conversationId={conversationId} scroller={scroller} />
    </div>
  );
}

type Virtualizer = ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
type Scroller = React.RefObject<HTMLDivElement | null>;

function isFirst(row: Row | undefined): boolean {
  return row?.kind === 'message' && row.first;
}

function RowView({ row, conversationId, density }: { row: Row; conversationId: string; density: 'comfortable' | 'compact' }) {
  if (row.kind === 'message')
    return <MessageRow message={row.message} isFirst={row.first} conversationId={conversationId} density={density} />;
  if (row.kind === 'day') return <DayRow at={row.at} />;
  return row.kind === 'new' ? <NewRow /> : <ConversationStart conversationId={conversationId} />;
}

/** The first sight: the first unread message a third from the top, otherwise the end. */
function useLanding(virtualizer: Virtualizer, rows: readonly Row[]): void {
  const hasLanded = useRef(false);
  useLayoutEffect(() => {
    if (hasLanded.current || rows.length === 0) return;
    hasLanded.current = true;
    const index = rows.findIndex(({ kind }) => kind === 'new');
    if (index < 0) virtualizer.scrollToEnd();
    else virtualizer.scrollToIndex(index, { align: 'start' });
  }, [virtualizer, rows]);
}

/** Where the reader is; reports what was seen as read while the page is looked at. */
function useReading(conversationId: string, virtualizer: Virtualizer, rows: readonly Row[], scroller: Scroller) {
  const { client } = useModel();
  const [isPinned, setPinned] = useState(true);
  const [topDay, setTopDay] = useState<string>();
  const [seenSeq, setSeenSeq] = useState(0);
  const look = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const bottom = element.scrollTop + element.clientHeight;
    setPinned(element.scrollHeight - bottom <= PINNED_PX);
    const visible = virtualizer.getVirtualItems().filter(({ start, end }) => end > element.scrollTop && start + 20 < bottom);
    const messages = visible.flatMap(({ index }) => messageAt(rows, index) ?? []);
    setTopDay(messages[0]?.at);
    const seen = messages.findLast(({ seq }) => seq !== undefined)?.seq;
    if (seen === undefined) return;
    setSeenSeq((before) => Math.max(before, seen));
    if (document.visibilityState === 'visible' && document.hasFocus() && seen > client.conversation(conversationId).readSeq)
      client.markRead(conversationId, seen);
  }, [client, conversationId, rows, scroller, virtualizer]);
  useEffect(() => {
    const frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [look]);
  useEffect(() => {
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [look]);
  return { isPinned, seenSeq, topDay, onScroll: look };
}

function messageAt(rows: readonly Row[], index: number) {
  const row = rows[index];
  return row?.kind === 'message' ? row.message : undefined;
}

/** The end stays in sight when the list itself changes size: a keyboard opens, the details open, the window turns. */
function useStayPinned(virtualizer: Virtualizer, isPinned: boolean, scroller: Scroller): void {
  useEffect(() => {
    const element = scroller.current;
    if (!element || !isPinned) return;
    const observer = new ResizeObserver(() => virtualizer.scrollToEnd());
    observer.observe(element);
    return () => observer.disconnect();
  }, [virtualizer, isPinned, scroller]);
}

/** What one has just written is always shown. */
function useOwnMessagesShown(virtualizer: Virtualizer, lastPendingId: string | undefined): void {
  const shown = useRef(lastPendingId);
  useEffect(() => {
    if (lastPendingId && lastPendingId !== shown.current) virtualizer.scrollToEnd();
    shown.current = lastPendingId;
  }, [virtualizer, lastPendingId]);
}

/** Asks for older messages near the top; also when the first page does not fill the height. */
function OlderLoader({
  model,
  conversationId,
  scroller,
}: {
  model: ReturnType<typeof useModel>;
  conversationId: string;
  scroller: Scroller;
}) {
  const isLoading = useChat((client) => client.conversation(conversationId).loading);
  const hasBefore = useChat((client) => client.conversation(conversationId).hasBefore);
  useEffect(() => {
    const element = scroller.current;
    if (!element || isLoading || !hasBefore) return;
    let isAsked = false;
    const check = () => {
      if (isAsked || element.scrollTop > LOAD_OLDER_PX) return;
      isAsked = true;
      model.client.loadOlder(conversationId).catch(() => {
        // The next scroll asks again; the banner says when the connection is the reason.
        isAsked = false;
      });
    };
    const frame = requestAnimationFrame(check);
    element.addEventListener('scroll', check, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener('scroll', check);
    };
  }, [model, conversationId, scroller, isLoading, hasBefore]);
  if (!isLoading) return null;
  return (
    <span
      aria-hidden
      className="dots pointer-events-none absolute top-3 left-1/2 flex -translate-x-1/2 gap-1 rounded-full bg-n1 p-2 shadow-float"
    >
      {[1, 2, 3].map((n) => (
        <i key={n} className="size-1.5 rounded-full bg-n9" />
      ))}
    </span>
  );
}
