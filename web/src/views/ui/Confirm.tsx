import type { ReactNode } from 'react';
import { useText } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { Button } from './Button.tsx';
import { Modal } from './Modal.tsx';
import { ActionError } from './ActionError.tsx';

type Props = {
  title: string;
  lead: string;
  action: string;
  look?: 'primary' | 'danger';
  /** The dialog goes when it is done, and tells the reason when it fails. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
};

/** Asks before something that cannot be taken back. */
export function Confirm({ title, lead, action, look = 'danger', onConfirm, onClose, children }: Props) {
  const { t } = useText();
  const { isBusy, error, run } = useAction();
  return (
    <Modal title={title} onClose={onClose}>
      <div data-testid="confirm" className="flex flex-col gap-4 px-5 pb-5">
        <p className="text-base text-n11">{lead}</p>
        {children}
        <ActionError error={error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button look="secondary" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button look={look} data-testid="confirm-action" isBusy={isBusy} onClick={() => run(async () => onConfirm().then(onClose))}>
            {action}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
