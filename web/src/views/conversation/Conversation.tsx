import { ChevronLeft, Dices, Info, LogOut, Pin, TriangleAlert } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { isUp } from '../../state/banner.ts';
import { hasFirstUnread, loadFirstUnread } from '../../state/first-unread.ts';
import { useChat, useModel, usePeerId, useText, useTitle, useView } from '../app/context.tsx';
import { Seen } from '../people/Seen.tsx';
import { ConversationAvatar } from '../ui/Avatar.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { Composer } from './Composer.tsx';
import { MessageList } from './MessageList.tsx';

export function Conversation({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { canShow, hasFailed, load } = useOpened(conversationId);
  return (
    <>
      <Header conversationId={conversationId} />
      {canShow && <MessageList conversationId={conversationId} />}
      {!canShow && !hasFailed && <MessagesSkeleton />}
      {!canShow && hasFailed && (
        <Empty icon={TriangleAlert} title={t('loadFailed')}>
          <Button look="secondary" onClick={load}>
            {t('tryAgain')}
          </Button>
        </Empty>
      )}
      <MatchedBar conversationId={conversationId} />
      <Composer conversationId={conversationId} />
    </>
  );
}

/** Loads what is shown first: the newest messages, or those around the first unread one or the place that a link names. */
function useOpened(conversationId: string) {
  const model = useModel();
  const { client } = model;
  const [hasFailed, setFailed] = useState(false);
  const isLoaded = useChat((chat) => chat.conversation(conversationId).loaded);
  const isConnected = useChat((chat) => isUp(chat.connection()));
  const place = useView((view) => (view.place?.conversationId === conversationId ? view.place : undefined));
  // What is in memory is drawn with the first picture, without an empty one before it.
  const [isPlaced, setPlaced] = useState(() => !place && hasFirstUnread(client, conversationId));
  const hasOpened = useRef(false);
  const load = useCallback(() => {
    const open = async () => {
      await client.open(conversationId);
      if (!hasOpened.current && !place) await loadFirstUnread(client, conversationId);
      hasOpened.current = true;
    };
    open().then(
      () => {
        setPlaced(true);
        setFailed(false);
      },
      () => setFailed(true),
    );
  }, [client, conversationId, place]);
  // At once, for this device may hold a copy; and when the connection comes back, so that what failed needs no click.
  useEffect(load, [load, isConnected]);
  useEffect(() => {
    if (!place) return;
    client.jumpTo(conversationId, place.seq).catch(() => model.notify('jumpFailed'));
  }, [model, client, conversationId, place]);
  // Who comes back comes to the newest messages.
  useEffect(() => () => client.jumpToNewest(conversationId), [client, conversationId]);
  return { canShow: isLoaded && (isPlaced || hasFailed || !isConnected), hasFailed, load };
}

function Header({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const model = useModel();
  const title = useTitle(conversationId);
  const panel = useView((view) => view.panel);
  const isDetailsOpen = useView((view) => view.isDetailsOpen);
  const isOpen = isDetailsOpen && !panel;
  const toggle = () => model.set({ isDetailsOpen: !isOpen, panel: undefined });
  const look = (isPressed: boolean) => (isPressed ? 'bg-n4 text-n12' : '');
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 border-b border-n6 pr-2 pl-1 sm:pl-4">
      <IconButton label={t('back')} data-testid="back" onClick={() => model.select(undefined)} className="sm:hidden">
        <ChevronLeft className="size-5" />
      </IconButton>
      <button type="button" onClick={toggle} className="flex min-h-11 min-w-0 flex-1 items-center gap-3 rounded-md py-1 text-left">
        <ConversationAvatar conversationId={conversationId} size="md" />
        <span className="min-w-0">
          <span role="heading" aria-level={1} data-testid="conversation-title" className="block truncate text-base font-semibold">
            {title}
          </span>
          <span className="block truncate text-xs text-n10">
            <Subtitle conversationId={conversationId} />
          </span>
        </span>
      </button>
      <IconButton
        label={t('pins')}
        data-testid="pins"
        aria-pressed={panel?.kind === 'pins'}
        onClick={() => model.set({ panel: panel?.kind === 'pins' ? undefined : { kind: 'pins' } })}
        className={look(panel?.kind === 'pins')}
      >
        <Pin className="size-[18px]" />
      </IconButton>
      <IconButton label={t('details')} data-testid="details" aria-pressed={isOpen} onClick={toggle} className={look(isOpen)}>
        <Info className="size-[18px]" />
      </IconButton>
    </header>
  );
}

function Subtitle({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const peerId = usePeerId(conversationId);
  const count = useChat((client) => client.conversation(conversationId).conversation?.memberCount ?? 0);
  const topic = useChat((client) => client.conversation(conversationId).conversation?.topic);
  if (peerId) return <Seen userId={peerId} />;
  return topic ? `${t('members', { count })} · ${topic}` : t('members', { count });
}

/** With a stranger: go on to the next one, or end it. */
function MatchedBar({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const model = useModel();
  const isMatched = useChat((client) => client.conversation(conversationId).conversation?.matched ?? false);
  const name = useTitle(conversationId);
  if (!isMatched) return null;
  const act = (action: Promise<unknown>) => void action.catch(() => model.notify('actionFailed'));
  return (
    <div data-testid="matched" className="flex flex-wrap items-center gap-2 border-t border-n6 px-4 py-2 text-sm text-n10 sm:px-5">
      <span className="min-w-0 flex-1 truncate">{t('matched', { name })}</span>
      <Button look="secondary" data-testid="match-next" onClick={() => act(model.matching.next(conversationId))}>
        <Dices className="size-4" aria-hidden />
        {t('matchNext')}
      </Button>
      <Button look="ghost" data-testid="match-leave" onClick={() => act(model.leave(conversationId))}>
        <LogOut className="size-4" aria-hidden />
        {t('matchLeave')}
      </Button>
    </div>
  );
}

function MessagesSkeleton() {
  return (
    <div aria-busy className="flex flex-1 flex-col justify-end gap-6 overflow-hidden px-5 pb-6">
      {[62, 38, 74, 50].map((width) => (
        <div key={width} className="flex gap-3">
          <span className="skeleton size-9 shrink-0 rounded-full!" />
          <span className="flex-1 space-y-2 pt-0.5">
            <span className="skeleton block h-3 w-28" />
            <span className="skeleton block h-3.5" style={{ width: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
