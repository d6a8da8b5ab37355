import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import { dayLabel } from '../../state/format.ts';
import { countNewer, planRows, type Row } from '../../state/rows.ts';
import { useChat, useModel, usePrefs, useText, useTitle, useView } from '../app/context.tsx';
import { Announcer } from './Announcer.tsx';
import { EdgeLoader } from './EdgeLoader.tsx';
import { MessageRow } from './MessageRow.tsx';
import { NoteRow } from './NoteRow.tsx';
import { estimateSize, firstHeight, firstOffset, landingPx } from './first-sight.ts';
import { PINNED_PX, useLanding, useNewLine, useReading } from './reading.ts';
import { ConversationStart, DayRow, dayText, NewRow } from './Separators.tsx';
import { TypingLine } from './TypingLine.tsx';

const NO_PENDING: never[] = [];

export function MessageList({ conversationId }: { conversationId: string }) {
  const { t, language } = useText();
  const { client } = useModel();
  const [{ density }] = usePrefs();
  const title = useTitle(conversationId);
  const snapshot = useChat((chat) => chat.conversation(conversationId));
  const meId = useChat((chat) => chat.me()?.id) ?? '';
  const blocked = useChat((chat) => chat.blocks.ids);
  const place = useView((view) => (view.place?.conversationId === conversationId ? view.place : undefined));
  const { messages, notes, hasBefore, hasAfter } = snapshot;
  const newAfterSeq = useNewLine(conversationId, snapshot);
  const pending = hasAfter ? NO_PENDING : snapshot.pending;
  const rows = useMemo(
    () => planRows({ messages, notes, pending, hasBefore, meId, newAfterSeq, blocked }),
    [messages, notes, pending, hasBefore, meId, newAfterSeq, blocked],
  );
  const scroller = useRef<HTMLDivElement>(null);
  // Another function would have the places of all rows reckoned anew with every picture.
  const getItemKey = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateSize(rows[index]),
    getItemKey,
    // Otherwise the first rows are made and measured, thrown away, and those that are to be seen are made after them.
    initialRect: { width: window.innerWidth, height: firstHeight() },
    initialOffset: () => firstOffset({ rows, place, hasBefore }),
    overscan: 10,
    anchorTo: 'end',
    followOnAppend: !hasAfter,
    scrollEndThreshold: PINNED_PX,
    paddingEnd: 8,
    // Where a message lands that one is taken to.
    scrollPaddingStart: landingPx(),
  });
  const targetSeq = useLanding({ virtualizer, rows, place, hasBefore });
  const { isPinned, seenSeq, topDay, onScroll } = useReading({ conversationId, virtualizer, rows, scroller, hasAfter });
  useStayPinned(virtualizer, isPinned, scroller);
  const toNewest = useToNewest(virtualizer, conversationId, hasAfter);
  useOwnMessagesShown(toNewest, snapshot.pending.at(-1)?.clientMsgId);
  const newer = isPinned ? 0 : hasAfter ? snapshot.unread : countNewer({ messages, meId, blocked }, seenSeq);
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {topDay && !isPinned && (
        <div aria-hidden className="pointer-events-none absolute inset-x-0 top-2 z-10 flex justify-center">
          <span className="rounded-full bg-n1 px-3 py-1 text-xs font-medium text-n11 shadow-float">
            {dayText(t, dayLabel(topDay, language))}
          </span>
        </div>
      )}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrows walk through it */}
      <div
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={walk}
        data-testid="message-list"
        role="log"
        data-scroller
        // Rows come and go while one scrolls; what is new is read out by the announcer.
        aria-live="off"
        aria-label={t('messageList', { name: title })}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroller must be reachable with the keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="flex min-h-full flex-col justify-end">
          <div className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index];
              return (
                row && (
                  <div
                    key={item.key}
                    ref={virtualizer.measureElement}
                    data-index={item.index}
                    className="absolute inset-x-0 top-0 has-[[data-testid=message-toolbar]]:z-10"
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <RowView row={row} conversationId={conversationId} density={density} targetSeq={targetSeq} />
                  </div>
                )
              );
            })}
          </div>
        </div>
      </div>
      {!isPinned && <JumpPill newer={newer} onJump={toNewest} />}
      <TypingLine conversationId={conversationId} />
      <EdgeLoader client={client} conversationId={conversationId} scroller={scroller} />
      <Announcer conversationId={conversationId} />
    </div>
  );
}

export type Virtualizer = ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
export type Scroller = React.RefObject<HTMLDivElement | null>;

type RowProps = { row: Row; conversationId: string; density: 'comfortable' | 'compact'; targetSeq: number | undefined };

function RowView({ row, conversationId, density, targetSeq }: RowProps) {
  if (row.kind === 'message') {
    const { message, first } = row;
    const isTarget = targetSeq !== undefined && message.seq === targetSeq;
    return <MessageRow message={message} isFirst={first} isTarget={isTarget} conversationId={conversationId} density={density} />;
  }
  if (row.kind === 'note') return <NoteRow line={row.line} conversationId={conversationId} />;
  if (row.kind === 'day') return <DayRow at={row.at} />;
  return row.kind === 'new' ? <NewRow /> : <ConversationStart conversationId={conversationId} />;
}

function JumpPill({ newer, onJump }: { newer: number; onJump: () => void }) {
  const { t } = useText();
  return (
    <button
      type="button"
      data-testid="jump"
      aria-label={newer > 0 ? `${t('newBelow', { count: newer })}: ${t('jumpToNewest')}` : t('jumpToNewest')}
      onClick={onJump}
      className="absolute bottom-8 left-1/2 z-10 flex h-11 -translate-x-1/2 items-center gap-1.5 rounded-full bg-n1 px-3.5 text-sm font-medium text-n12 shadow-float hover:bg-n3 sm:h-9"
    >
      {newer > 0 && <span className="text-a11">{t('newBelow', { count: newer })}</span>}
      <ArrowDown className="size-4" aria-hidden />
    </button>
  );
}

/** The arrows walk from message to message; Tab goes on to the actions of the one that has the focus. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const list = event.currentTarget;
  const from = event.target instanceof HTMLElement ? event.target : undefined;
  if (step === undefined || event.altKey || (from !== list && from?.dataset.testid !== 'message')) return;
  const all = [...list.querySelectorAll<HTMLElement>('[data-testid="message"]')];
  const inSight = all.filter((row) => row.getBoundingClientRect().bottom <= list.getBoundingClientRect().bottom + 1);
  const next = from === list ? inSight.at(-1) : all[all.indexOf(from ?? list) + step];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

/** To the end, also from a place far above of which the newest messages are not shown. */
function useToNewest(virtualizer: Virtualizer, conversationId: string, hasAfter: boolean): () => void {
  const { client } = useModel();
  const isWanted = useRef(false);
  useEffect(() => {
    if (hasAfter || !isWanted.current) return;
    isWanted.current = false;
    virtualizer.scrollToEnd();
  }, [virtualizer, hasAfter]);
  return () => {
    if (!hasAfter) return virtualizer.scrollToEnd();
    isWanted.current = true;
    client.jumpToNewest(conversationId);
  };
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
function useOwnMessagesShown(toNewest: () => void, lastPendingId: string | undefined): void {
  const shown = useRef(lastPendingId);
  const show = useRef(toNewest);
  useEffect(() => {
    show.current = toNewest;
  });
  useEffect(() => {
    if (lastPendingId && lastPendingId !== shown.current) show.current();
    shown.current = lastPendingId;
  }, [lastPendingId]);
}
