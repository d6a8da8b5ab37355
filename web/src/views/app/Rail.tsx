import { Compass, Dices, Keyboard, MessagesSquare, Search, ShieldCheck, SquarePen } from 'lucide-react';
import { Avatar } from '../ui/Avatar.tsx';
import { IconButton } from '../ui/Button.tsx';
import { useChat, useModel, useText, useView } from './context.tsx';

/** The narrow column on wide screens. */
export function Rail() {
  const { t } = useText();
  const { set } = useModel();
  const meId = useChat((client) => client.me()?.id) ?? '';
  const isAdmin = useChat((client) => client.me()?.admin === true);
  const isAdminOpen = useView((view) => view.isAdminOpen);
  const unread = useChat((client) => client.conversations().some(({ id }) => client.conversation(id).unread > 0));
  return (
    <aside className="hidden w-14 shrink-0 flex-col items-center gap-1 border-r border-n6 bg-n2 py-2.5 lg:flex">
      <img src="/icon.svg" alt={t('appName')} className="mb-3 size-9" />
      <span className="relative">
        <IconButton
          label={t('conversations')}
          aria-current={isAdminOpen ? undefined : 'page'}
          className={isAdminOpen ? '' : 'bg-a5! text-a11!'}
          onClick={() => set({ isAdminOpen: false })}
        >
          <MessagesSquare className="size-[18px]" />
        </IconButton>
        {unread && <span className="absolute top-1 right-1 size-2 rounded-full bg-a9 ring-2 ring-n2" />}
      </span>
      <IconButton label={t('searchMessages')} data-testid="open-search" onClick={() => set({ dialog: 'search' })}>
        <Search className="size-[18px]" />
      </IconButton>
      <IconButton label={t('browseChannels')} data-testid="browse-channels" onClick={() => set({ dialog: 'browse' })}>
        <Compass className="size-[18px]" />
      </IconButton>
      <IconButton label={t('newConversation')} onClick={() => set({ dialog: 'new' })}>
        <SquarePen className="size-[18px]" />
      </IconButton>
      <IconButton label={t('match')} data-testid="match" onClick={() => set({ dialog: 'match' })}>
        <Dices className="size-[18px]" />
      </IconButton>
      <span className="flex-1" />
      {isAdmin && (
        <IconButton
          label={t('administration')}
          data-testid="open-admin"
          aria-pressed={isAdminOpen}
          className={isAdminOpen ? 'bg-a5! text-a11!' : ''}
          onClick={() => set({ isAdminOpen: !isAdminOpen })}
        >
          <ShieldCheck className="size-[18px]" />
        </IconButton>
      )}
      <IconButton label={t('help')} data-testid="open-help" onClick={() => set({ dialog: 'help' })}>
        <Keyboard className="size-[18px]" />
      </IconButton>
      <button
        type="button"
        data-testid="profile"
        aria-label={t('profile')}
        title={t('profile')}
        onClick={() => set({ dialog: 'profile' })}
        className="rounded-full"
      >
        <Avatar userId={meId} size="md" withPresence />
      </button>
    </aside>
  );
}
