import { useChat, useText } from '../app/context.tsx';

/** Anybody can call themselves anything as a guest: their name says that they are one. */
export function GuestTag({ userId }: { userId: string }) {
  const { t } = useText();
  const isGuest = useChat((client) => client.user(userId)?.guest ?? false);
  if (!isGuest) return null;
  return <span className="shrink-0 rounded-[4px] bg-n4 px-1 text-xs font-medium text-n11">{t('guestTag')}</span>;
}
