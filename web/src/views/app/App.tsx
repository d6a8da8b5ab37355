import { MessageCircle } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { useAdminInAddress } from '../admin/address.ts';
import { Conversation } from '../conversation/Conversation.tsx';
import { Details } from '../details/Details.tsx';
import { Sidebar } from '../sidebar/Sidebar.tsx';
import { SignIn } from '../sign-in/SignIn.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { ConnectionBanner } from './Banner.tsx';
import { useModel, usePrefs, useText, useView } from './context.tsx';
import { usePresenceWatch, useSelectionInAddress, useUnreadTitle } from './effects.ts';
import { Rail } from './Rail.tsx';

/** Not needed for the first sight, so not in the first script. */
const Admin = lazy(async () => ({ default: (await import('../admin/Admin.tsx')).Admin }));
const Dialogs = lazy(async () => ({ default: (await import('../dialogs/Dialogs.tsx')).Dialogs }));

export function App() {
  const { account } = useModel();
  const phase = useView((view) => view.phase);
  const [{ theme, language }] = usePrefs();
  useEffect(() => void account.restore(), [account]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.lang = language;
  }, [theme, language]);
  if (phase === 'restoring') return <Splash />;
  return phase === 'signed-out' ? <SignIn /> : <Shell />;
}

function Splash() {
  const { t } = useText();
  return (
    <main aria-busy className="flex h-full items-center justify-center bg-n2">
      <img src="/icon.svg" alt={t('restoring')} className="skeleton size-12 bg-transparent!" />
    </main>
  );
}

function Shell() {
  const selectedId = useView((view) => view.selectedId);
  const isAdminOpen = useView((view) => view.isAdminOpen);
  useSelectionInAddress();
  usePresenceWatch(selectedId);
  useUnreadTitle();
  useAdminInAddress();
  return (
    <div className="flex h-dvh flex-col pt-[env(safe-area-inset-top)]">
      <ConnectionBanner />
      <main className="flex min-h-0 flex-1">
        <Rail />
        {isAdminOpen ? (
          <Suspense>
            <Admin />
          </Suspense>
        ) : (
          <Chats selectedId={selectedId} />
        )}
      </main>
      <Suspense>
        <Dialogs />
      </Suspense>
    </div>
  );
}

function Chats({ selectedId }: { selectedId: string | undefined }) {
  const isDetailsOpen = useView((view) => view.isDetailsOpen);
  return (
    <>
      <Sidebar className={`w-full shrink-0 border-n6 sm:w-[280px] sm:border-r lg:w-[300px] ${selectedId ? 'hidden sm:flex' : ''}`} />
      <section className={`min-w-0 flex-1 flex-col ${selectedId ? 'flex' : 'hidden sm:flex'}`}>
        {selectedId ? <Conversation key={selectedId} conversationId={selectedId} /> : <NothingSelected />}
      </section>
      {selectedId && isDetailsOpen && <Details conversationId={selectedId} />}
    </>
  );
}

function NothingSelected() {
  const { t } = useText();
  const { set } = useModel();
  return (
    <Empty icon={MessageCircle} title={t('pickConversation')} lead={t('pickConversationLead')}>
      <Button onClick={() => set({ dialog: 'new' })}>{t('newConversation')}</Button>
      <Button look="secondary" onClick={() => set({ dialog: 'browse' })}>
        {t('browseChannels')}
      </Button>
    </Empty>
  );
}
