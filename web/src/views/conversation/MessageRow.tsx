import { CornerUpRight, Forward, MessageSquareText, Pin, TriangleAlert } from 'lucide-react';
import { type KeyboardEvent, lazy, memo, Suspense, useState } from 'react';
import { clockTime, fullTime } from '../../state/format.ts';
import { plainLine } from '../../state/markup.ts';
import type { MessageView } from '../../state/rows.ts';
import { useChat, useModel, useText, useUserName, useView } from '../app/context.tsx';
import { GuestTag } from '../people/GuestTag.tsx';
import { BlockedMessage } from '../safety/BlockedMessage.tsx';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { MessageBody } from './MessageBody.tsx';
import { Reactions } from './Reactions.tsx';
import { usePointedAt } from './pointing.ts';
import { StateIcon } from './StateIcon.tsx';

/** Menus and popovers are a third of the first script, and nobody needs them to read. */
const MessageToolbar = lazy(async () => ({ default: (await import('./MessageToolbar.tsx')).MessageToolbar }));

type Props = {
  message: MessageView;
  isFirst: boolean;
  /** One was taken to it and shall see which one it is. */
  isTarget?: boolean;
  /** In a thread, where neither quotes nor the thread's own summary say anything new. */
  isInPanel?: boolean;
  conversationId: string;
  density: 'comfortable' | 'compact';
};

export const MessageRow = memo(function MessageRow(props: Props) {
  if (props.message.own) return <Row {...props} />;
  return (
    <BlockedMessage actorId={props.message.actorId}>
      <Row {...props} />
    </BlockedMessage>
  );
});

function Row({ message, isFirst, isTarget = false, isInPanel = false, conversationId, density }: Props) {
  const { t, language } = useText();
  const name = useUserName(message.actorId);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { isActive, ...pointing } = usePointedAt(`${isInPanel ? 'panel' : 'list'} ${message.key}`);
  const clock = clockTime(message.at, language);
  const time = (
    <time dateTime={message.at} title={fullTime(message.at, language)}>
      {clock}
    </time>
  );
  const model = useModel();
  const openPerson = () => model.openPerson(message.actorId);
  const onKeyDown = useMessageKeys(conversationId, message);
  const canAct = message.id !== undefined && !message.deleted && message.seq !== undefined;
  const space = isFirst ? (density === 'compact' ? 'pt-2' : 'pt-3') : density === 'compact' ? 'pt-px' : 'pt-0.5';
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the row only notices where the pointer and the focus are
    <article
      data-testid="message"
      data-seq={message.seq}
      data-message-id={message.id}
      data-client-msg-id={message.clientMsgId}
      data-state={message.state}
      aria-label={`${name}, ${clock}`}
      data-target={isTarget || undefined}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      {...pointing}
      className={`group relative flex gap-3 px-4 pb-0.5 -outline-offset-2 hover:bg-n2 focus-within:bg-n2 sm:px-5 ${space} ${isMenuOpen ? 'bg-n2' : ''} ${isTarget ? 'flash' : ''} ${message.state === 'failed' ? 'bg-danger-bg!' : ''}`}
    >
      <div className="w-9 shrink-0">
        {isFirst ? (
          // The name beside it does the same, and can be reached by keyboard.
          <button type="button" tabIndex={-1} aria-label={t('showPerson', { name })} onClick={openPerson} className="rounded-full">
            <Avatar userId={message.actorId} />
          </button>
        ) : (
          <span className="block pt-0.5 text-right text-[11px]/[20px] text-n10 tabular-nums opacity-0 group-hover:opacity-100">{time}</span>
        )}
      </div>
      <div className="min-w-0 flex-1">
        {isFirst && (
          <div className="flex items-baseline gap-2">
            <button
              type="button"
              data-testid="author"
              title={t('showPerson', { name })}
              onClick={openPerson}
              className="truncate rounded-sm text-base font-semibold hover:underline"
            >
              {name}
            </button>
            <GuestTag userId={message.actorId} />
            <span className="shrink-0 text-xs text-n10 tabular-nums">{time}</span>
            {message.pinned && <PinnedMark />}
          </div>
        )}
        {message.pinned && !isFirst && <PinnedMark />}
        {message.replyTo && !isInPanel && <ReplyQuote conversationId={conversationId} messageId={message.replyTo} />}
        {message.threadRoot && !isInPanel && <ThreadMark conversationId={conversationId} rootId={message.threadRoot} />}
        {message.isForwarded && (
          <p className="flex items-center gap-1.5 text-xs text-n10">
            <Forward className="size-3" aria-hidden />
            {t('forwarded')}
          </p>
        )}
        <div className="flex items-end gap-3">
          <div
            data-testid="message-body"
            className={`min-w-0 flex-1 text-base wrap-anywhere ${message.state === 'sending' || message.state === 'queued' ? 'text-n11' : ''}`}
          >
            {message.deleted ? <em className="text-n10">{t('deletedMessage')}</em> : <MessageBody message={message} />}
            {message.edited && !message.deleted && <span className="ml-1.5 text-xs text-n10">({t('edited')})</span>}
          </div>
          {message.state && !message.deleted && <StateIcon state={message.state} />}
        </div>
        {message.reactions.length > 0 && !message.deleted && <Reactions conversationId={conversationId} message={message} />}
        {message.replyCount > 0 && message.id && !isInPanel && (
          <ThreadSummary conversationId={conversationId} rootId={message.id} count={message.replyCount} />
        )}
        {message.state === 'failed' && <Failed message={message} />}
      </div>
      {canAct && (isActive || isMenuOpen) && (
        <Suspense>
          <MessageToolbar conversationId={conversationId} message={message} isInPanel={isInPanel} onOpenChange={setMenuOpen} />
        </Suspense>
      )}
    </article>
  );
}

/** Letters for those who walk through the messages with the arrows. */
function useMessageKeys(conversationId: string, { id, own, deleted, seq }: MessageView) {
  const model = useModel();
  return (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || !id || deleted || !seq) return;
    const actions: Record<string, (() => void) | undefined> = {
      r: () => model.startReply(conversationId, id),
      t: () => model.set({ panel: { kind: 'thread', rootId: id } }),
      e: own ? () => model.startEdit(conversationId, id) : undefined,
    };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
}

function useGoTo() {
  const model = useModel();
  return (conversationId: string, messageId: string) =>
    void model.goToMessage({ conversationId, messageId }).catch(() => model.notify('jumpFailed'));
}

function PinnedMark() {
  const { t } = useText();
  return (
    <span className="flex items-center gap-1 text-xs text-n10">
      <Pin className="size-3" aria-hidden />
      {t('pinned')}
    </span>
  );
}

function ReplyQuote({ conversationId, messageId }: { conversationId: string; messageId: string }) {
  const { t } = useText();
  const goTo = useGoTo();
  const quoted = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === messageId));
  const name = useUserName(quoted?.actorId);
  const isBlocked = useIsBlocked(quoted?.actorId);
  return (
    <button
      type="button"
      data-testid="reply-quote"
      title={t('goToMessage')}
      onClick={() => goTo(conversationId, messageId)}
      className="my-0.5 flex max-w-full min-w-0 gap-2 rounded-sm border-l-2 border-a9 bg-n3 px-2 py-1 text-left text-sm text-n11 hover:bg-n4"
    >
      <span className="truncate">
        {isBlocked ? (
          <em>{t('blockedMessage')}</em>
        ) : quoted ? (
          <>
            <span className="font-medium text-n12">{name}</span> {quoted.deletedAt ? t('deletedMessage') : plainLine(quoted.body)}
          </>
        ) : (
          t('quoteMissing')
        )}
      </span>
    </button>
  );
}

function ThreadMark({ conversationId, rootId }: { conversationId: string; rootId: string }) {
  const { t } = useText();
  const { set } = useModel();
  const root = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === rootId));
  const isBlocked = useIsBlocked(root?.actorId);
  return (
    <button
      type="button"
      data-testid="thread-mark"
      onClick={() => set({ panel: { kind: 'thread', rootId } })}
      className="flex max-w-full items-center gap-1.5 rounded-sm text-xs text-n10 hover:text-a11"
    >
      <CornerUpRight className="size-3 shrink-0" aria-hidden />
      <span className="truncate">
        {t('inThread')}
        {root && !root.deletedAt && !isBlocked && `: ${plainLine(root.body)}`}
      </span>
    </button>
  );
}

function ThreadSummary({ conversationId, rootId, count }: { conversationId: string; rootId: string; count: number }) {
  const { t } = useText();
  const { set } = useModel();
  const isOpen = useView((view) => view.panel?.kind === 'thread' && view.panel.rootId === rootId);
  const unread = useChat((client) => client.threads.unread(conversationId, rootId));
  return (
    <button
      type="button"
      data-testid="thread-summary"
      data-conversation-id={conversationId}
      aria-expanded={isOpen}
      onClick={() => set({ panel: { kind: 'thread', rootId } })}
      className="mt-1 mb-0.5 flex min-h-7 items-center gap-1.5 rounded-sm px-1.5 text-sm font-medium text-a11 ring-1 ring-n6 ring-inset hover:bg-n3"
    >
      <MessageSquareText className="size-3.5" aria-hidden />
      {t('replies', { count })}
      {unread > 0 && (
        <span data-testid="thread-unread" className="flex items-center gap-1.5 pl-1 font-semibold">
          <span className="size-2 rounded-full bg-a9" aria-hidden />
          {t('threadUnread', { count: unread })}
        </span>
      )}
    </button>
  );
}

function Failed({ message }: { message: MessageView }) {
  const { t } = useText();
  const { client } = useModel();
  const id = message.clientMsgId;
  if (!id) return null;
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1 text-sm text-danger">
      <span className="flex items-center gap-1.5">
        <TriangleAlert className="size-3.5" aria-hidden />
        {t('stateFailed')}
        {message.error ? `: ${message.error}` : ''}
      </span>
      <button
        type="button"
        data-testid="retry"
        onClick={() => client.retry(id)}
        className="rounded-sm font-semibold underline-offset-2 hover:underline"
      >
        {t('retry')}
      </button>
      <button
        type="button"
        data-testid="discard"
        onClick={() => client.discard(id)}
        className="rounded-sm font-semibold underline-offset-2 hover:underline"
      >
        {t('discard')}
      </button>
    </div>
  );
}
