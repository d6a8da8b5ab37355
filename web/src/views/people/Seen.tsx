import { shortTime } from '../../state/format.ts';
import { useChat, useText } from '../app/context.tsx';

/** Online or not; of those who are not, since when. */
export function Seen({ userId }: { userId: string }) {
  const { t, language } = useText();
  const presence = useChat((client) => client.presence(userId));
  const isAway = !presence || presence.status === 'offline';
  if (isAway && presence?.lastSeenAt) return t('lastSeen', { when: shortTime(presence.lastSeenAt, language) });
  return t(presence?.status ?? 'offline');
}
