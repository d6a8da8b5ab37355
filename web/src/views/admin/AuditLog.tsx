import type { AuditEntry } from '@chatcluster/protocol';
import { useCallback } from 'react';
import { fullTime } from '../../state/format.ts';
import { useModel, useText, useUserName } from '../app/context.tsx';
import { List, RowText } from './List.tsx';
import { usePages } from './pages.ts';

export function AuditLog() {
  const { client } = useModel();
  const pages = usePages<AuditEntry>(useCallback((cursor) => client.rest.admin.audit({ cursor }), [client]));
  return (
    <div className="max-w-[860px]">
      <List pages={pages} testId="admin-audit-list">
        {(entry) => <Line entry={entry} />}
      </List>
    </div>
  );
}

function Line({ entry }: { entry: AuditEntry }) {
  const { t, language } = useText();
  const actor = useUserName(entry.actorId);
  const target = useUserName(entry.targetType === 'user' ? entry.targetId : undefined);
  const details = Object.entries(entry.details).map(([key, value]) => `${key}: ${String(value)}`);
  const about = entry.targetType === 'user' ? target : entry.targetId;
  return (
    <RowText title={<code className="font-mono text-sm">{entry.action}</code>}>
      {[entry.actorId ? actor : t('theSystem'), about, entry.address, ...details].filter(Boolean).join(' · ')} ·{' '}
      <time dateTime={entry.at}>{fullTime(entry.at, language)}</time>
    </RowText>
  );
}
