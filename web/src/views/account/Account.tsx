import { useCallback, useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { SignInMethods } from '../../state/security.ts';
import type { StringKey } from '../../strings.ts';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { Email, Password, Upgrade } from './Credentials.tsx';
import { SecondFactor } from './SecondFactor.tsx';
import { Sessions } from './Sessions.tsx';

/** Everything about how one gets in. */
export function Account({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const isGuest = useChat((client) => client.me()?.guest ?? false);
  return (
    <Modal title={t('accountTitle')} onClose={onClose}>
      <div className="flex flex-col gap-6 overflow-y-auto px-5 pt-1 pb-6">
        {isGuest ? <Upgrade /> : <Own />}
        <Sessions />
      </div>
    </Modal>
  );
}

function Own() {
  const { t } = useText();
  const { security } = useModel();
  const [methods, setMethods] = useState<SignInMethods>();
  const [error, setError] = useState<StringKey>();
  const load = useCallback(() => {
    security.methods().then(
      (found) => {
        setMethods(found);
        setError(undefined);
      },
      (cause: unknown) => setError(errorText(cause)),
    );
  }, [security]);
  useEffect(load, [load]);
  if (error) {
    return (
      <div role="alert" className="flex flex-col items-start gap-2 text-sm text-danger">
        {t('accountLoadFailed')}
        <Button look="secondary" onClick={load}>
          {t('loadAgain')}
        </Button>
      </div>
    );
  }
  if (!methods) return <div aria-busy className="skeleton h-40 rounded-md" />;
  return (
    <>
      <Email hasPassword={methods.password} />
      {methods.password && <Password />}
      <SecondFactor methods={methods} onChange={load} />
    </>
  );
}
