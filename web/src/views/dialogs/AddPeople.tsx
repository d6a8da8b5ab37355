import type { User } from '@chatcluster/protocol';
import { useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useAction } from './lookup.ts';
import { PeoplePicker, togglePicked } from './PeoplePicker.tsx';
import { ActionError } from '../ui/ActionError.tsx';

export function AddPeople({ conversationId, onClose }: { conversationId: string; onClose: () => void }) {
  const { t } = useText();
  const { client } = useModel();
  const { isBusy, error, run } = useAction();
  const [picked, setPicked] = useState<User[]>([]);
  const members = useChat((chat) => chat.conversation(conversationId).members);
  const add = () =>
    run(() =>
      client
        .addMembers(
          conversationId,
          picked.map(({ id }) => id),
        )
        .then(onClose),
    );
  return (
    <Modal title={t('addPeople')} onClose={onClose}>
      <div className="flex min-h-0 flex-col px-5 pb-5">
        <PeoplePicker
          picked={picked}
          withoutIds={members.map(({ userId }) => userId)}
          onPick={(user) => setPicked(togglePicked(picked, user))}
        />
        <ActionError error={error} className="pt-2" />
        <Button data-testid="add" isBusy={isBusy} disabled={picked.length === 0} onClick={add} className="mt-3">
          {t('add')}
        </Button>
      </div>
    </Modal>
  );
}
