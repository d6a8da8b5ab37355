import { Ban, Flag } from 'lucide-react';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { useIsBlocked } from './use-blocked.ts';

/** What one can do about the other person of a direct conversation. */
export function SafetyActions({ userId }: { userId: string }) {
  const { t } = useText();
  const { client, set, notify } = useModel();
  const name = useUserName(userId);
  const isBlocked = useIsBlocked(userId);
  return (
    <div className="mt-auto flex flex-col gap-1 p-4">
      <Button
        look="ghost"
        data-testid="block"
        className="w-full"
        title={t('blockLead')}
        onClick={() => void client.blocks.set(userId, !isBlocked).catch(() => notify('actionFailed'))}
      >
        <Ban className="size-4" />
        {isBlocked ? t('unblock') : t('blockName', { name })}
      </Button>
      <Button
        look="ghost"
        data-testid="report-person"
        className="w-full text-danger!"
        onClick={() => set({ dialog: 'report', reporting: { userId } })}
      >
        <Flag className="size-4" />
        {t('reportPerson', { name })}
      </Button>
    </div>
  );
}

/** In the place of the composer while the other one is blocked. */
export function BlockedComposer({ userId }: { userId: string }) {
  const { t } = useText();
  const { client, notify } = useModel();
  return (
    <p
      data-testid="blocked-composer"
      className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 border-t border-n6 px-4 py-3 text-sm text-n10"
    >
      <span className="flex items-center gap-2">
        <Ban className="size-3.5" aria-hidden />
        {t('blockedComposer')}
      </span>
      <Button look="secondary" onClick={() => void client.blocks.set(userId, false).catch(() => notify('actionFailed'))}>
        {t('unblock')}
      </Button>
    </p>
  );
}

/** In the settings: everybody whom one has blocked. */
export function BlockedPeople() {
  const { t } = useText();
  const { client, notify } = useModel();
  const ids = useChat((chat) => chat.blocks.ids);
  if (ids.size === 0) return null;
  return (
    <section>
      <h3 className="mb-1.5 text-sm font-medium text-n11">{t('blockedPeople')}</h3>
      <ul className="max-h-40 overflow-y-auto rounded-md ring-1 ring-n6">
        {[...ids].map((userId) => (
          <BlockedPerson
            key={userId}
            userId={userId}
            onUnblock={() => void client.blocks.set(userId, false).catch(() => notify('actionFailed'))}
          />
        ))}
      </ul>
    </section>
  );
}

function BlockedPerson({ userId, onUnblock }: { userId: string; onUnblock: () => void }) {
  const { t } = useText();
  const name = useUserName(userId);
  return (
    <li className="flex min-h-11 items-center justify-between gap-3 pr-1 pl-3">
      <span className="truncate text-base">{name}</span>
      <Button look="ghost" aria-label={`${t('unblock')} ${name}`} onClick={onUnblock}>
        {t('unblock')}
      </Button>
    </li>
  );
}
