import { Ban, Flag, MessageCircle } from 'lucide-react';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { ActionError } from '../ui/ActionError.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { GuestTag } from './GuestTag.tsx';
import { Membership } from './Membership.tsx';
import { Seen } from './Seen.tsx';

type Props = { userId: string; conversationId: string | undefined; onClose: () => void };

/** Who somebody is, and what one can do about them. */
export function PersonCard({ userId, conversationId, onClose }: Props) {
  const { t } = useText();
  const name = useUserName(userId);
  const about = useChat((client) => client.user(userId)?.statusText);
  return (
    <Modal title={t('personTitle')} onClose={onClose}>
      <div data-testid="person-card" className="flex flex-col overflow-y-auto px-5 pb-5">
        <div className="flex flex-col items-center text-center">
          <Avatar userId={userId} size="xl" />
          <p className="mt-3 flex max-w-full items-center gap-2 text-lg font-semibold">
            <span className="truncate">{name}</span>
            <GuestTag userId={userId} />
          </p>
          <p data-testid="person-presence" className="text-sm text-n10">
            <Seen userId={userId} />
          </p>
          {about && <p className="mt-1 text-base text-n11">{about}</p>}
        </div>
        <Actions userId={userId} onClose={onClose} />
        {conversationId && <Membership key={conversationId} userId={userId} conversationId={conversationId} onClose={onClose} />}
      </div>
    </Modal>
  );
}

function Actions({ userId, onClose }: Pick<Props, 'userId' | 'onClose'>) {
  const { t } = useText();
  const model = useModel();
  const { client } = model;
  const isBlocked = useIsBlocked(userId);
  const { isBusy, error, run } = useAction();
  const write = () => model.enter((chat) => chat.createDirect(userId)).then(onClose);
  return (
    <>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        {!isBlocked && (
          <Button data-testid="person-message" isBusy={isBusy} onClick={() => run(write)}>
            <MessageCircle className="size-4" aria-hidden />
            {t('writeMessage')}
          </Button>
        )}
        <Button
          look="secondary"
          data-testid="person-block"
          title={t('blockLead')}
          onClick={() => run(() => client.blocks.set(userId, !isBlocked))}
        >
          <Ban className="size-4" aria-hidden />
          {t(isBlocked ? 'unblock' : 'block')}
        </Button>
        <Button look="secondary" className="text-danger!" onClick={() => model.set({ dialog: 'report', reporting: { userId } })}>
          <Flag className="size-4" aria-hidden />
          {t('report')}
        </Button>
      </div>
      <ActionError error={error} />
    </>
  );
}
