import { FileDown, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { PasswordField } from '../account/Credentials.tsx';
import { useModel, useText } from '../app/context.tsx';
import { useAttempt } from '../sign-in/attempt.ts';
import { Button } from '../ui/Button.tsx';
import { ActionError } from '../ui/ActionError.tsx';

/** Taking one's data along, and going for good. */
export function AccountData() {
  const { t } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt();
  const [hasPassword, setHasPassword] = useState<boolean>();
  const ask = async () => setHasPassword((await security.methods()).password);
  return (
    <section className="flex flex-col gap-2 border-t border-n6 pt-4">
      <h3 className="text-sm font-medium text-n11">{t('yourData')}</h3>
      <div className="flex flex-wrap gap-2">
        <a
          href="/v1/users/me/export"
          download
          data-testid="export-data"
          className="inline-flex h-11 items-center gap-2 rounded-md bg-n1 px-4 text-base font-medium ring-1 ring-n7 ring-inset hover:bg-n3 sm:h-9 sm:px-3"
        >
          <FileDown className="size-4" aria-hidden />
          {t('exportData')}
        </a>
        {hasPassword === undefined && (
          <Button look="ghost" isBusy={isBusy} data-testid="delete-account" onClick={() => void run(ask)} className="text-danger!">
            <Trash2 className="size-4" />
            {t('deleteAccount')}
          </Button>
        )}
      </div>
      <ActionError error={error} />
      {hasPassword !== undefined && <Confirm hasPassword={hasPassword} onCancel={() => setHasPassword(undefined)} />}
    </section>
  );
}

/** Whoever finds an open laptop must not end the account: the password is asked for, or a recent sign-in. */
function Confirm({ hasPassword, onCancel }: { hasPassword: boolean; onCancel: () => void }) {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt({ forbidden: hasPassword ? 'passwordWrong' : 'deleteSignInAgain' });
  const [password, setPassword] = useState('');
  return (
    <form
      className="flex flex-col gap-3 rounded-md bg-danger-bg p-3 text-sm"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => account.delete(password));
      }}
    >
      <p>{t('deleteAccountLead')}</p>
      {hasPassword && <PasswordField label={t('passwordCurrent')} value={password} onChange={setPassword} testId="delete-password" />}
      {error && (
        <p role="alert" data-testid="delete-error" className="font-medium text-danger">
          {t(error)}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="danger" isBusy={isBusy} data-testid="confirm-delete-account">
          {t('deleteForGood')}
        </Button>
        <Button look="secondary" disabled={isBusy} onClick={onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </form>
  );
}
