import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { type Candidate, rankConversations } from '../../state/switcher.ts';
import { useChat, useModel, useText, useTitleOf } from '../app/context.tsx';
import { ConversationAvatar } from '../ui/Avatar.tsx';
import { SearchField } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';

const SHOWN = 30;

/** Goes to a conversation by a few letters of its name. */
export function Switcher({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  return (
    <Modal title={t('switcher')} onClose={onClose}>
      <ConversationPicker onPick={useModel().select} />
    </Modal>
  );
}

/** A field and a list that its keys move through. */
export function ConversationPicker({ onPick, withoutId }: { onPick: (id: string) => void; withoutId?: string }) {
  const { t } = useText();
  const listId = useId();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const found = useFound(query, withoutId);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setActive((active + step + found.length) % found.length);
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      const chosen = found[active];
      event.preventDefault();
      if (chosen) onPick(chosen.id);
    }
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col px-3 pb-3">
      <SearchField
        label={t('searchConversations')}
        data-testid="switcher-input"
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={listId}
        aria-activedescendant={found.length > 0 ? `${listId}-${active}` : undefined}
        value={query}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setQuery(event.target.value);
          setActive(0);
        }}
      />
      <div id={listId} role="listbox" aria-label={t('conversations')} className="mt-2 h-80 overflow-y-auto">
        {found.map((one, index) => (
          <Found key={one.id} id={`${listId}-${index}`} candidate={one} isActive={index === active} onPick={() => onPick(one.id)} />
        ))}
      </div>
      {found.length === 0 && <p className="-mt-72 h-72 text-center text-base text-n10">{t('switcherEmpty')}</p>}
    </div>
  );
}

function useFound(query: string, withoutId: string | undefined): Candidate[] {
  const conversations = useChat((client) => client.conversations());
  const titleOf = useTitleOf();
  return useMemo(() => {
    const all = conversations.filter(({ id }) => id !== withoutId).map(({ id, me }) => ({ id, title: titleOf(id), unread: me.unread }));
    return rankConversations(all, query, SHOWN);
  }, [conversations, query, withoutId, titleOf]);
}

type FoundProps = { id: string; candidate: Candidate; isActive: boolean; onPick: () => void };

function Found({ id, candidate, isActive, onPick }: FoundProps) {
  const { t } = useText();
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys are those of the field
    <div
      id={id}
      role="option"
      tabIndex={-1}
      data-testid="switcher-item"
      data-conversation-id={candidate.id}
      aria-selected={isActive}
      ref={(element) => {
        if (isActive) element?.scrollIntoView({ block: 'nearest' });
      }}
      onPointerDown={(event) => event.preventDefault()}
      onClick={onPick}
      className={`flex min-h-12 cursor-pointer items-center gap-3 rounded-md px-2 ${isActive ? 'bg-a3' : 'hover:bg-n3'}`}
    >
      <ConversationAvatar conversationId={candidate.id} size="md" />
      <span className={`min-w-0 flex-1 truncate text-base ${candidate.unread > 0 ? 'font-semibold' : 'font-medium'}`}>
        {candidate.title}
      </span>
      {candidate.unread > 0 && <span className="text-sm text-a11">{t('unreadCount', { count: candidate.unread })}</span>}
    </div>
  );
}
