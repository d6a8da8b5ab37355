import { ChevronLeft, Info, TriangleAlert } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useChat, useModel, usePeerId, useText, useTitle, useView } from '../app/context.tsx';
import { ConversationAvatar } from '../ui/Avatar.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { Composer } from './Composer.tsx';
import { MessageList } from './MessageList.tsx';

export function Conversation({ conversationId }: { conversationId: string }) {
  const { client } = useModel();
  const { t } = useText();
  const [hasFailed, setFailed] = useState(false);
  const isLoaded = useChat((chat) => chat.conversation(conversationId).loaded);
  const state = useChat((chat) => chat.connection().state);
  const load = useCallback(() => {
    client.open(conversationId).then(
      () => setFailed(false),
      () => setFailed(true),
    );
  }, [client, conversationId]);
  // Also when the connection comes back: a failed first page is tried again without a click.
  useEffect(() => {
    if (state === 'live' || state === 'syncing') load();
  }, [load, state]);
  return (
    <>
      <Header conversationId={conversationId} />
      {isLoaded && <MessageList conversationId={conversationId} />}
      {!isLoaded && !hasFailed && <MessagesSkeleton />}
      {!isLoaded && hasFailed && (
        <Empty icon={TriangleAlert} title={t('loadFailed')}>
          <Button look="secondary" onClick={load}>
            {t('tryAgain')}
          </Button>
        </Empty>
      )}
      <Composer conversationId={conversationId} />
    </>
  );
}

function Header({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const model = useModel();
  const title = useTitle(conversationId);
  const isOpen = useView((view) => view.isDetailsOpen);
  const toggle = () => model.set({ isDetailsOpen: !isOpen });
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 border-b border-n6 pr-2 pl-1 sm:pl-4">
      <IconButton label={t('back')} data-testid="back" onClick={() => model.select(undefined)} className="sm:hidden">
        <ChevronLeft className="size-5" />
      </IconButton>
      <button type="button" onClick={toggle} className="flex min-w-0 flex-1 items-center gap-3 rounded-md py-1 text-left">
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
        label={t('details')}
        data-testid="details"
        aria-pressed={isOpen}
        onClick={toggle}
        className={isOpen ? 'bg-n4 text-n12' : ''}
      >
        <Info className="size-[18px]" />
      </IconButton>
    </header>
  );
}

function Subtitle({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const peerId = usePeerId(conversationId);
  const status = useChat((client) => (peerId ? client.presence(peerId)?.status : undefined));
  const count = useChat((client) => client.conversation(conversationId).conversation?.memberCount ?? 0);
  const topic = useChat((client) => client.conversation(conversationId).conversation?.topic);
  if (peerId) return t(status ?? 'offline');
  return topic ? `${t('members', { count })} · ${topic}` : t('members', { count });
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
