import type { MessageReceipt } from '@chatcluster/protocol';
import { Eye } from 'lucide-react';
import { useCallback } from 'react';
import type { MessageRef } from '../../state/model.ts';
import { useModel, useText, useUserName } from '../app/context.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Empty } from '../ui/Empty.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useLookup } from './lookup.ts';

/** Who has an own message, and who has read it. */
export function SeenBy({ of, onClose }: { of: MessageRef; onClose: () => void }) {
  const { t } = useText();
  const { people } = useModel();
  const ask = useCallback(() => people.receipts(of), [people, of]);
  const { items, error } = useLookup('', ask);
  return (
    <Modal title={t('seenBy')} onClose={onClose}>
      <ul className="min-h-32 overflow-y-auto px-3 pb-4">
        {items?.map((receipt) => (
          <Person key={receipt.userId} {...receipt} />
        ))}
        {items?.length === 0 && (
          <li className="flex">
            <Empty icon={Eye} title={t('seenByNobody')} />
          </li>
        )}
        {error && (
          <li role="alert" className="py-10 text-center text-sm text-danger">
            {t(error)}
          </li>
        )}
      </ul>
    </Modal>
  );
}

function Person({ userId, read }: MessageReceipt) {
  const { t } = useText();
  const name = useUserName(userId);
  return (
    <li data-testid="seen-by" data-read={read} className="flex min-h-12 items-center gap-3 px-2">
      <Avatar userId={userId} size="md" />
      <span className="min-w-0 flex-1 truncate text-base font-medium">{name}</span>
      <span className={`text-sm ${read ? 'text-a11' : 'text-n10'}`}>{t(read ? 'stateRead' : 'stateDelivered')}</span>
    </li>
  );
}
