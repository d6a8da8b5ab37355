import type { AdminConversation } from '@chatcluster/protocol';
import { Archive, ArchiveRestore } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { StringKey } from '../../strings.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { SearchField } from '../ui/Field.tsx';
import { List, RowText } from './List.tsx';
import { usePages } from './pages.ts';

const kinds = { direct: 'direct', group: 'groups', channel: 'channels' } as const satisfies Record<string, StringKey>;

export function Conversations() {
  const { t, language } = useText();
  const { client, notify } = useModel();
  const [q, setQuery] = useState('');
  const pages = usePages<AdminConversation>(useCallback((cursor) => client.rest.admin.conversations({ q, cursor }), [client, q]));
  const archive = (one: AdminConversation) => {
    const archived = !one.archived;
    void client.rest.admin.archive(one.id, archived).then(
      () => pages.replace({ ...one, archived }),
      () => notify('actionFailed'),
    );
  };
  return (
    <div className="max-w-[860px]">
      <SearchField label={t('filterConversations')} value={q} onChange={(event) => setQuery(event.target.value)} />
      <List pages={pages} testId="admin-conversation-list">
        {(one) => (
          <>
            <RowText title={one.title ?? t('untitledGroup')} tags={one.archived ? [t('archivedTag')] : []}>
              {t(kinds[one.kind])} ·{' '}
              {t('membersEntries', { members: one.memberCount.toLocaleString(language), entries: one.lastSeq.toLocaleString(language) })}
            </RowText>
            <Button look="secondary" onClick={() => archive(one)}>
              {one.archived ? <ArchiveRestore className="size-4" /> : <Archive className="size-4" />}
              {t(one.archived ? 'archiveOff' : 'archiveOn')}
            </Button>
          </>
        )}
      </List>
    </div>
  );
}
