import { Archive, BellOff, Star } from 'lucide-react';
import { shortTime } from '../../state/format.ts';
import { plainLine } from '../../state/markup.ts';
import { useChat, useModel, usePrefs, useText, useTitle, useUserName, useView } from '../app/context.tsx';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { ConversationAvatar } from '../ui/Avatar.tsx';

type Props = { conversationId: string; isSelected: boolean; query: string };

export function ConversationItem({ conversationId, isSelected, query }: Props) {
  const { t, language } = useText();
  const model = useModel();
  const [{ density }] = usePrefs();
  const title = useTitle(conversationId);
  const at = useChat((client) => client.conversation(conversationId).conversation?.lastMessage?.at);
  const unread = useChat((client) => client.conversation(conversationId).unread);
  const mentions = useChat((client) => client.conversation(conversationId).mentions);
  const isFavourite = useChat((client) => client.conversation(conversationId).conversation?.me.favourite ?? false);
  const isArchived = useChat((client) => client.conversation(conversationId).conversation?.archived ?? false);
  const isMuted = useChat((client) => client.conversation(conversationId).conversation?.me.level === 'none');
  if (query !== '' && !title.toLocaleLowerCase().includes(query)) return null;
  const isUnread = unread > 0 && !isSelected;
  const look = isSelected ? 'bg-a5' : 'hover:bg-n3';
  return (
    <li>
      <button
        type="button"
        data-testid="conversation-item"
        data-conversation-id={conversationId}
        data-unread={unread}
        aria-current={isSelected ? 'page' : undefined}
        onClick={() => model.select(conversationId)}
        className={`flex w-full items-center gap-3 rounded-md px-2 text-left ${density === 'compact' ? 'h-14' : 'h-16'} ${look}`}
      >
        <ConversationAvatar conversationId={conversationId} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className={`flex-1 truncate text-base ${isUnread ? 'font-semibold' : 'font-medium'}`}>{title}</span>
            {isFavourite && (
              <Star role="img" aria-label={t('favourite')} className="size-3 shrink-0 self-center fill-current text-warning" />
            )}
            {isArchived && <Archive role="img" aria-label={t('archivedTag')} className="size-3 shrink-0 self-center text-n10" />}
            {isMuted && <BellOff role="img" aria-label={t('levelNone')} className="size-3 shrink-0 self-center text-n10" />}
            {at && (
              <time
                dateTime={at}
                className={`shrink-0 text-xs tabular-nums ${isUnread ? 'font-medium text-a11' : isSelected ? 'text-n11' : 'text-n10'}`}
              >
                {shortTime(at, language)}
              </time>
            )}
          </span>
          <span className="flex items-center gap-2">
            <span className={`flex-1 truncate text-sm ${isUnread ? 'text-n12' : isSelected ? 'text-n11' : 'text-n10'}`}>
              <Preview conversationId={conversationId} />
            </span>
            {isUnread && (
              <span
                aria-label={t('unreadCount', { count: unread })}
                className="flex h-[18px] min-w-[18px] shrink-0 items-center justify-center rounded-full bg-a9 px-1.5 text-xs font-semibold text-on-accent tabular-nums"
              >
                {mentions > 0 && '@'}
                {unread > 99 ? '99+' : unread}
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function Preview({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const draft = useView((view) => view.drafts[conversationId]);
  const selectedId = useView((view) => view.selectedId);
  const typistId = useChat((client) => client.conversation(conversationId).typing[0]);
  const typist = useUserName(typistId);
  const message = useChat(
    (client) => client.conversation(conversationId).pending.at(-1) ?? client.conversation(conversationId).conversation?.lastMessage,
  );
  const kind = useChat((client) => client.conversation(conversationId).conversation?.kind);
  const meId = useChat((client) => client.me()?.id);
  const actorId = message && ('actorId' in message ? message.actorId : meId);
  const actor = useUserName(actorId);
  const isBlocked = useIsBlocked(actorId);
  if (typistId) return <span className="text-a11">{t('typingOne', { name: typist })}…</span>;
  if (draft?.trim() && selectedId !== conversationId)
    return (
      <>
        <span className="font-medium text-danger">{t('draft')}: </span>
        {plainLine(draft)}
      </>
    );
  if (!message) return t('noMessagesYet');
  if ('deletedAt' in message && message.deletedAt) return <em>{t('deletedMessage')}</em>;
  if (actorId && isBlocked) return <em>{t('blockedMessage')}</em>;
  const who = actorId === meId ? `${t('you')}: ` : kind === 'direct' ? '' : `${actor.split(' ')[0]}: `;
  return who + (plainLine(message.body) || t('attachment'));
}
