import { MessageCircle } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { rememberInvite } from '../../state/integrations.ts';
import { useAdminInAddress } from '../admin/address.ts';
import { Conversation } from '../conversation/Conversation.tsx';
import { Sidebar } from '../sidebar/Sidebar.tsx';
import { useAdminLinkInAddress, useLinkInAddress } from '../sign-in/address.ts';
import { SignIn } from '../sign-in/SignIn.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { ConnectionBanner } from './Banner.tsx';
import { useModel, usePrefs, useText, useView } from './context.tsx';
import {
  useAccountLanguage,
  useDrafts,
  useInstallOffer,
  usePresenceWatch,
  usePush,
  useSelectionInAddress,
  useUnreadTitle,
} from './effects.ts';
import { useShortcuts } from './keyboard.ts';
import { ListResizer } from './ListResizer.tsx';
import { Notice } from './Notice.tsx';
import { Rail } from './Rail.tsx';
import { UpdatePrompt } from './UpdatePrompt.tsx';

/** Not needed for the first sight, so not in the first script. */
const Admin = lazy(async () => ({ default: (await import('../admin/Admin.tsx')).Admin }));
const LinkPage = lazy(async () => ({ default: (await import('../sign-in/LinkPage.tsx')).LinkPage }));
const AdminLinkHint = lazy(async () => ({ default: (await import('../admin/AdminLink.tsx')).AdminLinkHint }));
const AdminLinkDialog = lazy(async () => ({ default: (await import('../admin/AdminLink.tsx')).AdminLinkDialog }));
const InviteHint = lazy(async () => ({ default: (await import('../integrations/InviteLanding.tsx')).InviteHint }));
const InviteDialog = lazy(async () => ({ default: (await import('../integrations/InviteLanding.tsx')).InviteDialog }));
const Dialogs = lazy(async () => ({ default: (await import('../dialogs/Dialogs.tsx')).Dialogs }));
const Details = lazy(async () => ({ default: (await import('../details/Details.tsx')).Details }));
const Panels = lazy(async () => ({ default: (await import('../panels/Panels.tsx')).Panels }));

export function App() {
  const { account } = useModel();
  const phase = useView((view) => view.phase);
  const [{ theme, language }] = usePrefs();
  useInstallOffer();
  const link = useView((view) => view.link);
  useLinkInAddress();
  const adminLink = useAdminLinkInAddress();
  useEffect(() => void account.restore(), [account]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.lang = language;
  }, [theme, language]);
  if (phase === 'restoring') return <Splash />;
  if (link?.page === 'verify' || link?.page === 'reset') {
    return (
      <Suspense fallback={<Splash />}>
        <LinkPage key={link.value} link={link} />
      </Suspense>
    );
  }
  return (
    <>
      {phase === 'signed-out' ? <Welcome /> : <Shell />}
      {adminLink.token && (
        <Suspense>
          {phase === 'signed-out' ? <AdminLinkHint /> : <AdminLinkDialog token={adminLink.token} onDone={adminLink.done} />}
        </Suspense>
      )}
    </>
  );
}

const isInvited = () => rememberInvite(location.pathname, sessionStorage) !== undefined;

function Welcome() {
  const [hasInvite] = useState(isInvited);
  return (
    <>
      {hasInvite && (
        <Suspense>
          <InviteHint />
        </Suspense>
      )}
      <SignIn />
    </>
  );
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
  const [hasInvite] = useState(isInvited);
  useSelectionInAddress();
  usePresenceWatch(selectedId);
  useUnreadTitle();
  useAccountLanguage();
  useAdminInAddress();
  useDrafts();
  usePush();
  useShortcuts();
  return (
    <div className="flex h-dvh flex-col pt-[env(safe-area-inset-top)] pr-[env(safe-area-inset-right)] pl-[env(safe-area-inset-left)]">
      <ConnectionBanner />
      <UpdatePrompt />
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
      <Notice />
      <Suspense>
        <Dialogs />
        {hasInvite && <InviteDialog />}
      </Suspense>
    </div>
  );
}

function Chats({ selectedId }: { selectedId: string | undefined }) {
  return (
    <>
      <Sidebar className={`w-full shrink-0 border-n6 sm:w-[280px] sm:border-r lg:w-(--list-width) ${selectedId ? 'hidden sm:flex' : ''}`} />
      <ListResizer />
      <section className={`min-w-0 flex-1 flex-col ${selectedId ? 'flex' : 'hidden sm:flex'}`}>
        {selectedId ? <Conversation key={selectedId} conversationId={selectedId} /> : <NothingSelected />}
      </section>
      {selectedId && <RightColumn conversationId={selectedId} />}
    </>
  );
}

function RightColumn({ conversationId }: { conversationId: string }) {
  const isDetailsOpen = useView((view) => view.isDetailsOpen);
  const hasPanel = useView((view) => view.panel !== undefined);
  return (
    <Suspense>
      {hasPanel && <Panels key={conversationId} conversationId={conversationId} />}
      {!hasPanel && isDetailsOpen && <Details conversationId={conversationId} />}
    </Suspense>
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
