import { Archive, ArchiveRestore, Link, Trash2, Webhook } from 'lucide-react';
import { useState } from 'react';
import { useChat, useModel, useText, useTitle } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';

/** What owners and admins of a conversation find in its details. */
export function ManageActions({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { set } = useModel();
  const kind = useChat((client) => client.conversation(conversationId).conversation?.kind);
  const role = useChat((client) => client.conversation(conversationId).conversation?.me.role);
  if (kind === 'direct' || (role !== 'owner' && role !== 'admin')) return null;
  return (
    <section className="flex flex-col border-t border-n6 px-3 py-3">
      <Button look="ghost" data-testid="open-invites" className="justify-start!" onClick={() => set({ dialog: 'invites' })}>
        <Link className="size-4" />
        {t('inviteLinks')}
      </Button>
      <Button look="ghost" data-testid="open-webhooks" className="justify-start!" onClick={() => set({ dialog: 'webhooks' })}>
        <Webhook className="size-4" />
        {t('webhooks')}
      </Button>
      <ArchiveAction conversationId={conversationId} />
      {role === 'owner' && <DeleteAction conversationId={conversationId} />}
    </section>
  );
}

/** Nobody writes in an archived conversation; everybody goes on reading. */
function ArchiveAction({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { client, notify } = useModel();
  const isArchived = useChat((chat) => chat.conversation(conversationId).conversation?.archived ?? false);
  const Icon = isArchived ? ArchiveRestore : Archive;
  return (
    <Button
      look="ghost"
      data-testid="archive"
      aria-pressed={isArchived}
      className="justify-start!"
      onClick={() => void client.update(conversationId, { archived: !isArchived }).catch(() => notify('actionFailed'))}
    >
      <Icon className="size-4" />
      {t(isArchived ? 'archiveOff' : 'archiveOn')}
    </Button>
  );
}

function DeleteAction({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { removeConversation } = useModel();
  const name = useTitle(conversationId);
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button look="ghost" data-testid="delete-conversation" className="justify-start! text-danger!" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" />
        {t('deleteConversation')}
      </Button>
      {isAsking && (
        <Confirm
          title={t('deleteConversationTitle', { name })}
          lead={t('deleteConversationLead')}
          action={t('deleteConversation')}
          onConfirm={() => removeConversation(conversationId)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
