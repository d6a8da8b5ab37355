import { Dices, TriangleAlert } from 'lucide-react';
import { useModel, useText, useView } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { Modal } from '../ui/Modal.tsx';

/** Being paired with a stranger. Closing it ends the waiting. */
export function Match() {
  const { t } = useText();
  const { matching } = useModel();
  const state = useView((view) => view.matching);
  return (
    <Modal title={t('match')} onClose={matching.stop}>
      <div data-testid="match-dialog" data-state={state} aria-live="polite" className="flex min-h-72 flex-col">
        {state === 'idle' && (
          <Empty icon={Dices} title={t('match')} lead={t('matchLead')}>
            <Button data-testid="match-start" onClick={matching.join}>
              {t('matchStart')}
            </Button>
          </Empty>
        )}
        {state === 'waiting' && (
          <Empty icon={Dices} title={t('matchWaiting')} lead={t('matchWaitingLead')}>
            <Button look="secondary" data-testid="match-stop" onClick={matching.stop}>
              {t('matchStop')}
            </Button>
          </Empty>
        )}
        {state === 'failed' && (
          <Empty icon={TriangleAlert} title={t('matchFailed')}>
            <Button onClick={matching.join}>{t('tryAgain')}</Button>
          </Empty>
        )}
      </div>
    </Modal>
  );
}
