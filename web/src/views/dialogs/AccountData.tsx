import { FileDown, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';

/** Taking one's data along, and going for good. */
export function AccountData() {
  const { t } = useText();
  const { account } = useModel();
  const [state, setState] = useState<'idle' | 'asking' | 'busy' | 'failed'>('idle');
  const remove = () => {
    setState('busy');
    account.delete().catch(() => setState('failed'));
  };
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
        {state === 'idle' && (
          <Button look="ghost" data-testid="delete-account" onClick={() => setState('asking')} className="text-danger!">
            <Trash2 className="size-4" />
            {t('deleteAccount')}
          </Button>
        )}
      </div>
      {state !== 'idle' && (
        <div role="alert" className="flex flex-col gap-3 rounded-md bg-danger-bg p-3 text-sm">
          <p>{t(state === 'failed' ? 'errorUnknown' : 'deleteAccountLead')}</p>
          <div className="flex flex-wrap gap-2">
            <Button look="danger" isBusy={state === 'busy'} data-testid="confirm-delete-account" onClick={remove}>
              {t('deleteForGood')}
            </Button>
            <Button look="secondary" disabled={state === 'busy'} onClick={() => setState('idle')}>
              {t('cancel')}
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}
