import type { Member } from '@chatcluster/protocol';
import { Pencil, Star, UserPlus, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { sortMembers } from '../../state/people.ts';
import type { StringKey } from '../../strings.ts';
import { useChat, useModel, usePeerId, useText, useTitle, useUserName } from '../app/context.tsx';
import { ManageActions } from '../integrations/ManageActions.tsx';
import { GuestTag } from '../people/GuestTag.tsx';
import { roleNames } from '../people/role-names.ts';
import { Seen } from '../people/Seen.tsx';
import { SafetyActions } from '../safety/SafetyActions.tsx';
import { Avatar, ConversationAvatar } from '../ui/Avatar.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { Leave } from './Leave.tsx';

/** The column beside a conversation; below 1024 px it lies over it. */
export function Details({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const model = useModel();
  const conversation = useChat((client) => client.conversation(conversationId).conversation);
  const peerId = usePeerId(conversationId);
  const close = () => model.set({ isDetailsOpen: false });
  return (
    <aside
      data-testid="details-panel"
      aria-label={t('details')}
      className="fixed inset-0 z-30 flex flex-col bg-n1 pt-[env(safe-area-inset-top)] pr-[env(safe-area-inset-right)] pb-[env(safe-area-inset-bottom)] pl-[env(safe-area-inset-left)] sm:left-auto sm:w-[calc(320px+env(safe-area-inset-right))] sm:border-l sm:pl-0 sm:border-n6 sm:shadow-float lg:static lg:z-auto lg:w-80 lg:shrink-0 lg:pt-0 lg:pr-0 lg:shadow-none"
    >
      <header className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5">
        <h2 className="text-base font-semibold">{t('details')}</h2>
        <IconButton label={t('close')} onClick={close}>
          <X className="size-[18px]" />
        </IconButton>
      </header>
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        <About conversationId={conversationId} />
        {conversation && <Favourite conversationId={conversationId} isFavourite={conversation.me.favourite ?? false} />}
        {conversation && <LevelSetting conversationId={conversationId} level={conversation.me.level} />}
        <MemberList conversationId={conversationId} />
        <ManageActions conversationId={conversationId} />
        {peerId && <SafetyActions userId={peerId} />}
        {conversation && conversation.kind !== 'direct' && <Leave conversationId={conversationId} kind={conversation.kind} />}
      </div>
    </aside>
  );
}

function About({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { set } = useModel();
  const title = useTitle(conversationId);
  const peerId = usePeerId(conversationId);
  const about = useChat((client) => (peerId ? client.user(peerId)?.statusText : client.conversation(conversationId).conversation?.topic));
  const role = useChat((client) => client.conversation(conversationId).conversation?.me.role);
  const canRename = !peerId && (role === 'owner' || role === 'admin');
  return (
    <section className="flex flex-col items-center px-5 pt-2 pb-5 text-center">
      <ConversationAvatar conversationId={conversationId} size="xl" />
      <p className="mt-3 flex max-w-full items-center gap-1 text-lg font-semibold">
        <span className="truncate">{title}</span>
        {canRename && (
          <IconButton size="sm" label={t('rename')} onClick={() => set({ dialog: 'rename' })}>
            <Pencil className="size-3.5" />
          </IconButton>
        )}
      </p>
      {peerId && (
        <p className="text-sm text-n10">
          <Seen userId={peerId} />
        </p>
      )}
      {about && <p className="mt-1 text-sm text-n11">{about}</p>}
    </section>
  );
}

function Favourite({ conversationId, isFavourite }: { conversationId: string; isFavourite: boolean }) {
  const { t } = useText();
  const { client, notify } = useModel();
  return (
    <Button
      look="ghost"
      data-testid="favourite"
      aria-pressed={isFavourite}
      className="mx-3 mb-2 shrink-0 justify-start"
      onClick={() => void client.updateMine(conversationId, { favourite: !isFavourite }).catch(() => notify('actionFailed'))}
    >
      <Star className={`size-4 ${isFavourite ? 'fill-current text-warning' : ''}`} aria-hidden />
      {t(isFavourite ? 'removeFavourite' : 'addFavourite')}
    </Button>
  );
}

const levels = { all: 'levelAll', mentions: 'levelMentions', none: 'levelNone' } as const satisfies Record<string, StringKey>;

function LevelSetting({ conversationId, level }: { conversationId: string; level: keyof typeof levels }) {
  const { t } = useText();
  const { client, notify } = useModel();
  const names = Object.keys(levels) as (keyof typeof levels)[];
  return (
    <label className="mx-5 mb-4 flex items-center justify-between gap-3 text-sm text-n11">
      {t('notifications')}
      <select
        data-testid="level"
        value={level}
        onChange={(event) => {
          const next = names.find((name) => name === event.target.value);
          if (next) void client.updateMine(conversationId, { level: next }).catch(() => notify('actionFailed'));
        }}
        className="h-11 min-w-0 rounded-sm bg-n1 px-2 text-sm text-n12 ring-1 ring-n7 sm:h-8"
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {t(levels[name])}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The snapshot carries the members up to a size; above it the first page is asked for. */
function useMembers(conversationId: string): readonly Member[] {
  const { people } = useModel();
  const known = useChat((client) => client.conversation(conversationId).members);
  const count = useChat((client) => client.conversation(conversationId).conversation?.memberCount ?? 0);
  const [asked, setAsked] = useState<readonly Member[]>([]);
  const isMissing = known.length === 0;
  useEffect(() => {
    if (!isMissing || count === 0) return;
    let isCurrent = true;
    people.members(conversationId).then(
      (members) => isCurrent && setAsked(members),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [people, conversationId, isMissing, count]);
  return isMissing ? asked : known;
}

function MemberList({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { set, client } = useModel();
  const members = useMembers(conversationId);
  const kind = useChat((chat) => chat.conversation(conversationId).conversation?.kind);
  const role = useChat((chat) => chat.conversation(conversationId).conversation?.me.role);
  const count = useChat((chat) => chat.conversation(conversationId).conversation?.memberCount ?? 0);
  const canManage = role === 'owner' || role === 'admin';
  const sorted = sortMembers(members, (id) => client.user(id)?.displayName ?? '');
  return (
    <section className="border-t border-n6 px-3 py-3">
      <div className="flex min-h-9 items-center justify-between px-2">
        <h3 className="text-sm font-semibold text-n11">{t('members', { count })}</h3>
        {kind !== 'direct' && (kind === 'channel' || canManage) && (
          <IconButton size="sm" data-testid="add-people" label={t('addPeople')} onClick={() => set({ dialog: 'add-people' })}>
            <UserPlus className="size-4" />
          </IconButton>
        )}
      </div>
      <ul data-testid="member-list">
        {sorted.map((member) => (
          <MemberItem key={member.userId} member={member} />
        ))}
      </ul>
    </section>
  );
}

function MemberItem({ member }: { member: Member }) {
  const { t } = useText();
  const { openPerson } = useModel();
  const name = useUserName(member.userId);
  const meId = useChat((chat) => chat.me()?.id);
  const isMe = member.userId === meId;
  return (
    <li data-testid="member" data-user-id={member.userId} data-role={member.role}>
      <button
        type="button"
        data-testid="open-person"
        title={t('showPerson', { name })}
        onClick={() => openPerson(member.userId)}
        className="flex min-h-11 w-full items-center gap-3 rounded-md px-2 text-left hover:bg-n3"
      >
        <Avatar userId={member.userId} size="sm" withPresence />
        <span className="min-w-0 flex-1 truncate text-base">
          {name}
          {isMe && <span className="text-n10"> ({t('you')})</span>}
        </span>
        <GuestTag userId={member.userId} />
        {member.role !== 'member' && <span className="text-xs text-n10">{t(roleNames[member.role])}</span>}
      </button>
    </li>
  );
}
