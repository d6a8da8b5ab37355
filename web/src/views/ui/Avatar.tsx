import { Hash, Users } from 'lucide-react';
import type { CSSProperties } from 'react';
import { hueOf, initials } from '../../state/format.ts';
import { useChat, usePeerId, useText, useUserName } from '../app/context.tsx';

const sizes = {
  sm: 'size-6 text-[10px]',
  md: 'size-9 text-xs',
  lg: 'size-10 text-sm',
  xl: 'size-16 text-xl',
} as const;

type Props = { userId: string; size?: keyof typeof sizes; withPresence?: boolean };

export function Avatar({ userId, size = 'md', withPresence = false }: Props) {
  const name = useUserName(userId);
  const url = useChat((client) => (userId ? client.user(userId)?.avatarUrl : undefined));
  const hue = { '--h': hueOf(userId) } as CSSProperties;
  return (
    <span className="relative inline-flex shrink-0" aria-hidden>
      {url ? (
        <img src={url} alt="" className={`rounded-full object-cover ${sizes[size]}`} />
      ) : (
        // The letters are drawn by the style sheet: as text they would be part of the name of a button around them.
        <span
          style={hue}
          data-initials={initials(name)}
          className={`avatar flex items-center justify-center rounded-full font-semibold select-none after:content-[attr(data-initials)] ${sizes[size]}`}
        />
      )}
      {withPresence && <PresenceDot userId={userId} className="absolute -right-0.5 -bottom-0.5 ring-2 ring-n2" />}
    </span>
  );
}

/** Status is told by form as well as by colour. */
export function PresenceDot({ userId, className = '' }: { userId: string; className?: string }) {
  const { t } = useText();
  const status = useChat((client) => client.presence(userId)?.status) ?? 'offline';
  if (status === 'offline') return null;
  const look = { online: 'bg-success', away: 'border-2 border-success bg-n1', dnd: 'bg-danger-solid' }[status];
  return <span role="img" title={t(status)} aria-label={t(status)} className={`block size-2.5 rounded-full ${look} ${className}`} />;
}

export function ConversationAvatar({ conversationId, size = 'lg' }: { conversationId: string; size?: keyof typeof sizes }) {
  const kind = useChat((client) => client.conversation(conversationId).conversation?.kind);
  const peerId = usePeerId(conversationId);
  if (peerId) return <Avatar userId={peerId} size={size} withPresence={size !== 'xl'} />;
  const Icon = kind === 'channel' ? Hash : Users;
  const hue = { '--h': hueOf(conversationId) } as CSSProperties;
  return (
    <span aria-hidden style={hue} className={`avatar flex shrink-0 items-center justify-center rounded-md ${sizes[size]}`}>
      <Icon className="size-[46%]" strokeWidth={2.25} />
    </span>
  );
}
