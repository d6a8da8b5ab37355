import { Pin, TriangleAlert } from 'lucide-react';
import { lazy, memo, Suspense, useState } from 'react';
import { clockTime, fullTime } from '../../state/format.ts';
import { plainLine } from '../../state/markup.ts';
import type { MessageView } from '../../state/rows.ts';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { BlockedMessage } from '../safety/BlockedMessage.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { MessageBody } from './MessageBody.tsx';
import { Reactions } from './Reactions.tsx';
import { StateIcon } from './StateIcon.tsx';

/** Menus and popovers are a third of the first script, and nobody needs them to read. */
const MessageToolbar = lazy(async () => ({ default: (await import('./MessageToolbar.tsx')).MessageToolbar }));

type Props = { message: MessageView; isFirst: boolean; conversationId: string; density: 'comfortable' | 'compact' };

export const MessageRow = memo(function MessageRow(props: Props) {
  if (props.message.own) return <Row {...props} />;
  return (
    <BlockedMessage actorId={props.message.actorId}>
      <Row {...props} />
    </BlockedMessage>
  );
});

function Row({ message, isFirst, conversationId, density }: Props) {
  const { t, language } = useText();
  const name = useUserName(message.actorId);
  const [isMenuOpen, setMenuOpen] = useState(false);
  // One row at a time has a toolbar: a hundred of them would cost more than all the messages.
  const [isActive, setActive] = useState(false);
  const time = (
    <time dateTime={message.at} title={fullTime(message.at, language)}>
      {clockTime(message.at, language)}
    </time>
  );
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
      aria-label={`${name}, ${clockTime(message.at, language)}`}
      tabIndex={-1}
      onPointerEnter={() => setActive(true)}
      onPointerLeave={({ currentTarget }) => setActive(currentTarget.contains(document.activeElement))}
      onFocus={() => setActive(true)}
      onBlur={({ currentTarget, relatedTarget }) => setActive(currentTarget.contains(relatedTarget))}
      className={`group relative flex gap-3 px-4 pb-0.5 outline-none hover:bg-n2 focus-within:bg-n2 sm:px-5 ${space} ${isMenuOpen ? 'bg-n2' : ''} ${message.state === 'failed' ? 'bg-danger-bg!' : ''}`}
    >
      <div className="w-9 shrink-0">
        {isFirst ? (
          <Avatar userId={message.actorId} />
        ) : (
          <span className="block pt-0.5 text-right text-[11px]/[20px] text-n10 tabular-nums opacity-0 group-hover:opacity-100">{time}</span>
        )}
      </div>
      <div className="min-w-0 flex-1">
        {isFirst && (
          <div className="flex items-baseline gap-2">
            <span className="truncate text-base font-semibold">{name}</span>
            <span className="shrink-0 text-xs text-n10 tabular-nums">{time}</span>
            {message.pinned && (
              <span className="flex items-center gap-1 text-xs text-n10">
                <Pin className="size-3" aria-hidden />
                {t('pinned')}
              </span>
            )}
          </div>
        )}
        {message.replyTo && <ReplyQuote conversationId={conversationId} messageId={message.replyTo} />}
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
        {message.state === 'failed' && <Failed message={message} />}
      </div>
      {canAct && (isActive || isMenuOpen) && (
        <div className="absolute -top-3 right-3 z-10 sm:right-5">
          <Suspense>
            <MessageToolbar conversationId={conversationId} message={message} onOpenChange={setMenuOpen} />
          </Suspense>
        </div>
      )}
    </article>
  );
}

function ReplyQuote({ conversationId, messageId }: { conversationId: string; messageId: string }) {
  const { t } = useText();
  const quoted = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === messageId));
  const name = useUserName(quoted?.actorId);
  return (
    <div className="my-0.5 flex min-w-0 gap-2 rounded-sm border-l-2 border-a9 bg-n3 px-2 py-1 text-sm text-n11">
      <span className="truncate">
        <span className="font-medium text-n12">{quoted ? name : '…'}</span>{' '}
        {quoted && (quoted.deletedAt ? t('deletedMessage') : plainLine(quoted.body))}
      </span>
    </div>
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
