import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import type { StringKey } from '../../strings.ts';
import { useModel, useText } from '../app/context.tsx';
import { IconButton } from '../ui/Button.tsx';
import { AuditLog } from './AuditLog.tsx';
import { Bots } from './Bots.tsx';
import { Cluster } from './Cluster.tsx';
import { Conversations } from './Conversations.tsx';
import { Reports } from './Reports.tsx';
import { Retention } from './Retention.tsx';
import { Users } from './Users.tsx';

const tabs = {
  cluster: { name: 'adminOverview', View: Cluster },
  reports: { name: 'adminReports', View: Reports },
  users: { name: 'adminUsers', View: Users },
  conversations: { name: 'adminConversations', View: Conversations },
  bots: { name: 'adminBots', View: Bots },
  retention: { name: 'adminRetention', View: Retention },
  audit: { name: 'adminAudit', View: AuditLog },
} as const satisfies Record<string, { name: StringKey; View: () => React.ReactNode }>;
type Tab = keyof typeof tabs;

/** The administration of the installation, in the place of the conversations. */
export function Admin() {
  const { t } = useText();
  const { set } = useModel();
  const [tab, setTab] = useState<Tab>('cluster');
  const { View } = tabs[tab];
  return (
    <section data-testid="admin" aria-label={t('administration')} className="flex min-w-0 flex-1 flex-col bg-n1">
      <header className="flex h-14 shrink-0 items-center gap-2 border-b border-n6 px-3 sm:px-5">
        <IconButton label={t('backToChats')} data-testid="close-admin" onClick={() => set({ isAdminOpen: false })}>
          <ArrowLeft className="size-[18px]" />
        </IconButton>
        <h1 className="truncate text-lg font-semibold">{t('administration')}</h1>
      </header>
      <nav aria-label={t('administration')} className="flex shrink-0 gap-1 overflow-x-auto border-b border-n6 px-3 py-2 sm:px-5">
        {(Object.keys(tabs) as Tab[]).map((key) => (
          <button
            key={key}
            type="button"
            data-testid={`admin-${key}`}
            aria-current={key === tab ? 'page' : undefined}
            onClick={() => setTab(key)}
            className={`h-11 shrink-0 rounded-md px-3 text-base font-medium sm:h-8 ${key === tab ? 'bg-a5 text-a11' : 'text-n11 hover:bg-n3'}`}
          >
            {t(tabs[key].name)}
          </button>
        ))}
      </nav>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4 pb-[max(16px,env(safe-area-inset-bottom))] sm:px-6">
        <View key={tab} />
      </div>
    </section>
  );
}
