import { type FormEvent, useState } from 'react';
import { plainLine } from '../../state/markup.ts';
import { useChat, useModel, useText, useUserName, useView } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { ActionError } from '../ui/ActionError.tsx';

/** Reports a message or a person to the administrators. */
export function Report({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const { client } = useModel();
  const reporting = useView((view) => view.reporting);
  const name = useUserName(reporting?.userId);
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState('');
  const [isBlocking, setBlocking] = useState(false);
  const [isSent, setSent] = useState(false);
  if (!reporting) return null;
  const { userId, messageId, conversationId } = reporting;
  const send = (event: FormEvent) => {
    event.preventDefault();
    const about = messageId ? { messageId, conversationId } : { userId };
    run(async () => {
      await client.rest.report({ ...about, reason: reason.trim() });
      if (isBlocking) await client.blocks.set(userId, true);
      setSent(true);
    });
  };
  if (isSent) return <Done onClose={onClose} />;
  return (
    <Modal title={messageId ? t('reportMessage') : t('reportPerson', { name })} onClose={onClose}>
      <form onSubmit={send} className="flex flex-col gap-4 overflow-y-auto px-5 pb-5">
        <p className="text-sm text-n11">{t('reportLead')}</p>
        {messageId && conversationId && <Quoted conversationId={conversationId} messageId={messageId} name={name} />}
        <label className="flex flex-col gap-1 text-sm font-medium text-n12">
          {t('reportReason')}
          <textarea
            required
            rows={3}
            maxLength={1000}
            data-testid="report-reason"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            className="rounded-md bg-n1 px-3 py-2 text-lg font-normal ring-1 ring-n7 outline-none ring-inset focus:ring-2 focus:ring-a9 sm:text-base"
          />
        </label>
        <label className="flex min-h-11 items-center gap-2.5 text-base sm:min-h-8">
          <input
            type="checkbox"
            checked={isBlocking}
            onChange={(event) => setBlocking(event.target.checked)}
            className="size-4 accent-a9"
          />
          {t('blockToo')}
        </label>
        <ActionError error={error} />
        <Button type="submit" look="danger" data-testid="report-send" isBusy={isBusy} disabled={reason.trim() === ''}>
          {t('reportSend')}
        </Button>
      </form>
    </Modal>
  );
}

function Done({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  return (
    <Modal title={t('report')} onClose={onClose}>
      <div role="status" className="flex flex-col gap-4 px-5 pb-5 text-base text-n11">
        <p>{t('reportSent')}</p>
        <Button onClick={onClose}>{t('close')}</Button>
      </div>
    </Modal>
  );
}

function Quoted({ conversationId, messageId, name }: { conversationId: string; messageId: string; name: string }) {
  const body = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === messageId)?.body);
  if (body === undefined) return null;
  return (
    <blockquote className="max-h-24 overflow-hidden rounded-sm border-l-2 border-a9 bg-n3 px-3 py-2 text-sm text-n11 wrap-anywhere">
      <span className="font-medium text-n12">{name}</span> {plainLine(body)}
    </blockquote>
  );
}
