import { Compass, Dices, MessagesSquare, Search, SquarePen } from 'lucide-react';
import { useState } from 'react';
import { inOrder } from '../../state/list-order.ts';
import { useChat, useModel, useText, useView } from '../app/context.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { SearchField } from '../ui/Field.tsx';
import { ConversationItem } from './ConversationItem.tsx';

export function Sidebar({ className }: { className: string }) {
  const { t } = useText();
  const { set } = useModel();
  const [query, setQuery] = useState('');
  const meId = useChat((client) => client.me()?.id) ?? '';
  return (
    <nav aria-label={t('conversations')} className={`flex min-h-0 flex-col bg-n2 ${className}`}>
      <header className="@container flex h-14 shrink-0 items-center gap-1 pr-2 pl-4">
        <button
          type="button"
          data-testid="profile-small"
          aria-label={t('profile')}
          onClick={() => set({ dialog: 'profile' })}
          className="mr-1 -ml-1 flex size-11 shrink-0 items-center justify-center rounded-full lg:hidden"
        >
          <Avatar userId={meId} size="md" withPresence />
        </button>
        <div className="min-w-0 flex-1">
          {/* Beside five buttons there is room for its first letters only. */}
          <h1 className="truncate text-lg font-semibold tracking-tight max-lg:@max-sm:sr-only">{t('conversations')}</h1>
        </div>
        <IconButton
          label={t('searchMessages')}
          data-testid="open-search-small"
          onClick={() => set({ dialog: 'search' })}
          className="lg:hidden"
        >
          <Search className="size-[18px]" />
        </IconButton>
        <IconButton
          label={t('browseChannels')}
          data-testid="browse-channels"
          onClick={() => set({ dialog: 'browse' })}
          className="lg:hidden"
        >
          <Compass className="size-[18px]" />
        </IconButton>
        <IconButton label={t('match')} data-testid="match-small" onClick={() => set({ dialog: 'match' })} className="lg:hidden">
          <Dices className="size-[18px]" />
        </IconButton>
        <IconButton label={t('newConversation')} data-testid="new-conversation" onClick={() => set({ dialog: 'new' })}>
          <SquarePen className="size-[18px]" />
        </IconButton>
      </header>
      <div className="px-3 pb-2">
        <SearchField label={t('searchConversations')} value={query} onChange={(e) => setQuery(e.target.value)} />
      </div>
      <List query={query.trim().toLocaleLowerCase()} />
    </nav>
  );
}

function List({ query }: { query: string }) {
  const { t } = useText();
  const { set } = useModel();
  const conversations = useChat((client) => client.conversations());
  const state = useChat((client) => client.connection().state);
  const hasEverLoaded = useChat((client) => client.session() !== undefined) && state !== 'syncing';
  const selectedId = useView((view) => view.selectedId);
  if (conversations.length === 0 && !hasEverLoaded) return <ListSkeleton />;
  if (conversations.length === 0) {
    return (
      <Empty icon={MessagesSquare} title={t('noConversations')} lead={t('noConversationsLead')}>
        <Button onClick={() => set({ dialog: 'new' })}>{t('newConversation')}</Button>
        <Button look="secondary" onClick={() => set({ dialog: 'browse' })}>
          {t('browseChannels')}
        </Button>
      </Empty>
    );
  }
  return (
    <ul
      data-testid="conversation-list"
      className="min-h-0 flex-1 overflow-y-auto px-2 pb-[max(16px,env(safe-area-inset-bottom))] [&:not(:has(li))]:after:block [&:not(:has(li))]:after:px-2 [&:not(:has(li))]:after:py-6 [&:not(:has(li))]:after:text-center [&:not(:has(li))]:after:text-n10"
    >
      {inOrder(conversations).map(({ id }) => (
        <ConversationItem key={id} conversationId={id} isSelected={id === selectedId} query={query} />
      ))}
    </ul>
  );
}

function ListSkeleton() {
  return (
    <div aria-busy className="flex-1 space-y-1 overflow-hidden px-2">
      {[68, 52, 60, 44, 72, 56].map((width) => (
        <div key={width} className="flex h-16 items-center gap-3 px-2">
          <span className="skeleton size-10 rounded-full!" />
          <span className="flex-1 space-y-2">
            <span className="skeleton block h-3" style={{ width: `${width}%` }} />
            <span className="skeleton block h-3 w-[88%]" />
          </span>
        </div>
      ))}
    </div>
  );
}
