import { Link, Webhook } from 'lucide-react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';

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
    </section>
  );
}
