import { useState } from 'react';
import type { StringKey } from '../../strings.ts';
import { errorText } from '../../state/account.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';

const words = { not_found: 'adminLinkBad', conflict: 'adminLinkTaken', forbidden: 'adminLinkGuest' } as const;

/** Above the sign-in. */
export function AdminLinkHint() {
  const { t } = useText();
  return (
    <p
      role="status"
      data-testid="admin-link-hint"
      className="fixed inset-x-0 top-0 z-40 border-b border-n6 bg-a3 px-4 pt-[max(12px,env(safe-area-inset-top))] pb-3 text-center text-base text-n12"
    >
      {t('adminLinkSignIn')}
    </p>
  );
}

/** For somebody who is signed in. Nothing happens without a click. */
export function AdminLinkDialog({ token, onDone }: { token: string; onDone: () => void }) {
  const { t } = useText();
  const { security, client, set } = useModel();
  const [failure, setFailure] = useState<StringKey>();
  const [isBusy, setBusy] = useState(false);
  const use = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await security.becomeAdmin(token);
      onDone();
      set({ isAdminOpen: true });
    } catch (cause) {
      setBusy(false);
      setFailure(errorText(cause, words));
    }
  };
  return (
    <Modal title={t('adminLinkTitle')} onClose={onDone}>
      <div data-testid="admin-link-dialog" className="flex flex-col gap-3 px-5 pb-5 text-base text-n11">
        <p>{t('adminLinkLead', { name: client.me()?.displayName ?? '' })}</p>
        {failure && (
          <p role="alert" data-testid="admin-link-failure" className="text-danger">
            {t(failure)}
          </p>
        )}
        <Button data-testid="use-admin-link" isBusy={isBusy} onClick={() => void use()}>
          {t('adminLinkUse')}
        </Button>
      </div>
    </Modal>
  );
}
