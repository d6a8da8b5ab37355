import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { useText } from '../app/context.tsx';

type Props = { title: string; onClose: () => void; children: ReactNode; isOpen?: boolean };

/** A dialog in the middle; on a phone it comes from below and fills the width. */
export function Modal({ title, onClose, children, isOpen = true }: Props) {
  const { t } = useText();
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup
          ref={popup}
          // With a finger the keyboard would cover half of what was opened.
          initialFocus={(type) =>
            type === 'touch' ? true : (popup.current?.querySelector<HTMLElement>('input:not([type=radio])') ?? true)
          }
          className="pop fixed inset-x-0 bottom-0 z-50 flex max-h-[88dvh] flex-col rounded-t-lg bg-n1 pb-[env(safe-area-inset-bottom)] shadow-float outline-none sm:inset-x-auto sm:top-[12vh] sm:bottom-auto sm:left-1/2 sm:-ml-[220px] sm:max-h-[72vh] sm:w-[440px] sm:rounded-lg"
        >
          <header className="flex items-center justify-between pt-3 pr-3 pb-2 pl-5">
            <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
            <Dialog.Close
              aria-label={t('close')}
              className="inline-flex size-11 items-center justify-center rounded-md text-n11 hover:bg-n3 sm:size-8"
            >
              <X className="size-4" />
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
