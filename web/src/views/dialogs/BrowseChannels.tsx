import { Hash } from 'lucide-react';
import { useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { SearchField } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useAction, useLookup } from './lookup.ts';

export function BrowseChannels({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const { people, set } = useModel();
  const [query, setQuery] = useState('');
  const { items, error } = useLookup(query.trim(), people.channels);
  return (
    <Modal title={t('browseChannels')} onClose={onClose}>
      <div className="flex min-h-0 flex-1 flex-col px-5 pb-4">
        <SearchField
          label={t('searchChannels')}
          data-testid="channel-search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <ul className="mt-2 -mx-2 flex h-80 flex-col overflow-y-auto">
          {items?.map((channel) => (
            <ChannelItem key={channel.id} {...channel} />
          ))}
          {items?.length === 0 && (
            <li className="flex flex-1">
              <Empty icon={Hash} title={query ? t('noMatches', { query }) : t('noChannels')} lead={query ? undefined : t('noChannelsLead')}>
                <Button onClick={() => set({ dialog: 'new' })}>{t('createChannel')}</Button>
              </Empty>
            </li>
          )}
          {error && (
            <li role="alert" className="py-10 text-center text-sm text-danger">
              {t(error)}
            </li>
          )}
        </ul>
      </div>
    </Modal>
  );
}

function ChannelItem({ id, title, topic, memberCount }: { id: string; title?: string; topic?: string; memberCount: number }) {
  const { t } = useText();
  const { enter, select } = useModel();
  const { isBusy, error, run } = useAction();
  const isJoined = useChat((client) => client.conversations().some((conversation) => conversation.id === id));
  return (
    <li data-testid="channel" data-conversation-id={id} className="flex items-center gap-3 rounded-md px-2 py-2 hover:bg-n3">
      <span aria-hidden className="flex size-9 shrink-0 items-center justify-center rounded-md bg-a3 text-a11">
        <Hash className="size-4" />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate text-base font-medium">{title}</span>
        <span className={`block truncate text-xs ${error ? 'text-danger' : 'text-n10'}`}>
          {error ? t(error) : t('members', { count: memberCount })}
          {!error && topic ? ` · ${topic}` : ''}
        </span>
      </span>
      {isJoined ? (
        <Button look="ghost" onClick={() => select(id)}>
          {t('open')}
        </Button>
      ) : (
        <Button look="secondary" data-testid="join" isBusy={isBusy} onClick={() => run(() => enter((client) => client.joinChannel(id)))}>
          {t('join')}
        </Button>
      )}
    </li>
  );
}
