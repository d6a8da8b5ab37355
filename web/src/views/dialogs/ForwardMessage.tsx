import type { MessageRef } from '../../state/model.ts';
import { plainLine } from '../../state/markup.ts';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Modal } from '../ui/Modal.tsx';
import { ConversationPicker } from './Switcher.tsx';

export function ForwardMessage({ from, onClose }: { from: MessageRef; onClose: () => void }) {
  const { t } = useText();
  const model = useModel();
  const message = useChat((client) => client.conversation(from.conversationId).messages.find(({ id }) => id === from.messageId));
  const forward = (to: string) => {
    onClose();
    if (!message) return model.notify('actionFailed');
    model.client.forward(message, [to]);
    model.select(to);
  };
  return (
    <Modal title={t('forwardTo')} onClose={onClose}>
      {message && (
        <p className="mx-5 mb-3 truncate rounded-sm border-l-2 border-a9 bg-n3 px-2 py-1 text-sm text-n11">
          {plainLine(message.body) || t('attachment')}
        </p>
      )}
      <ConversationPicker onPick={forward} />
    </Modal>
  );
}
