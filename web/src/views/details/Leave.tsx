import type { ConversationKind } from '@chatcluster/protocol';
import { LogOut } from 'lucide-react';
import { useState } from 'react';
import { useModel, useText, useTitle } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';

/** A channel can be joined again; into a group somebody else has to bring one back, so that is asked for first. */
export function Leave({ conversationId, kind }: { conversationId: string; kind: ConversationKind }) {
  const { t } = useText();
  const model = useModel();
  const name = useTitle(conversationId);
  const [isAsking, setAsking] = useState(false);
  const isChannel = kind === 'channel';
  const leave = () => model.leave(conversationId);
  const act = () => (isChannel ? void leave().catch(() => model.notify('actionFailed')) : setAsking(true));
  return (
    <div className="mt-auto p-4">
      <Button look="ghost" data-testid="leave" className="w-full text-danger!" onClick={act}>
        <LogOut className="size-4" />
        {t(isChannel ? 'leaveChannel' : 'leave')}
      </Button>
      {isAsking && (
        <Confirm
          title={t('leaveTitle', { name })}
          lead={t('leaveLead')}
          action={t('leave')}
          onConfirm={leave}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
