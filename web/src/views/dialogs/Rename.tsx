import { type FormEvent, useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useAction } from './lookup.ts';
import { ActionError } from '../ui/ActionError.tsx';

export function Rename({ conversationId, onClose }: { conversationId: string; onClose: () => void }) {
  const { t } = useText();
  const { client } = useModel();
  const { isBusy, error, run } = useAction();
  const conversation = useChat((chat) => chat.conversation(conversationId).conversation);
  const [title, setTitle] = useState(conversation?.title ?? '');
  const [topic, setTopic] = useState(conversation?.topic ?? '');
  const save = (event: FormEvent) => {
    event.preventDefault();
    run(() => client.update(conversationId, { title: title.trim(), topic: topic.trim() }).then(onClose));
  };
  return (
    <Modal title={t('rename')} onClose={onClose}>
      <form onSubmit={save} className="flex flex-col gap-4 px-5 pb-5">
        <Field label={t('channelName')} required maxLength={120} value={title} onChange={(event) => setTitle(event.target.value)} />
        <Field label={t('topic')} maxLength={1000} value={topic} onChange={(event) => setTopic(event.target.value)} />
        <ActionError error={error} />
        <Button type="submit" isBusy={isBusy}>
          {t('save')}
        </Button>
      </form>
    </Modal>
  );
}
