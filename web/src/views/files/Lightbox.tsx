import { Dialog } from '@base-ui/react/dialog';
import type { Attachment } from '@chatcluster/protocol';
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { useText } from '../app/context.tsx';

type Props = { pictures: readonly Attachment[]; openId: string; onChange: (id: string) => void; onClose: () => void };

const look = 'inline-flex size-11 items-center justify-center rounded-full bg-lightbox-control text-on-accent hover:opacity-85';

/** One picture over everything; the arrow keys go to the others of its message. */
export function Lightbox({ pictures, openId, onChange, onClose }: Props) {
  const { t } = useText();
  const index = Math.max(
    0,
    pictures.findIndex(({ fileId }) => fileId === openId),
  );
  const file = pictures[index];
  const go = (step: number) => {
    const next = pictures[index + step];
    if (next) onChange(next.fileId);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') go(-1);
    else if (event.key === 'ArrowRight') go(1);
  };
  if (!file) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-lightbox" />
        <Dialog.Popup
          onKeyDown={onKeyDown}
          data-testid="lightbox"
          className="fixed inset-0 z-50 flex flex-col pt-[env(safe-area-inset-top)] pr-[env(safe-area-inset-right)] pb-[env(safe-area-inset-bottom)] pl-[env(safe-area-inset-left)] outline-none"
        >
          <header className="flex items-center gap-2 p-3 text-on-accent">
            <Dialog.Title className="min-w-0 flex-1 truncate text-base font-medium">{file.name}</Dialog.Title>
            <a href={`${file.url}?download=1`} download={file.name} aria-label={t('downloadFile', { name: file.name })} className={look}>
              <Download className="size-5" />
            </a>
            <Dialog.Close aria-label={t('close')} className={look}>
              <X className="size-5" />
            </Dialog.Close>
          </header>
          <div className="relative flex min-h-0 flex-1 items-center justify-center p-2 sm:px-16">
            {/* Around the picture a click closes, as everywhere. */}
            <button type="button" tabIndex={-1} aria-hidden className="absolute inset-0 cursor-default" onClick={onClose} />
            <img key={file.fileId} src={file.url} alt={file.name} className="relative max-h-full max-w-full object-contain" />
            {index > 0 && (
              <button type="button" aria-label={t('previousImage')} onClick={() => go(-1)} className={`${look} absolute left-2`}>
                <ChevronLeft className="size-6" />
              </button>
            )}
            {index < pictures.length - 1 && (
              <button type="button" aria-label={t('nextImage')} onClick={() => go(1)} className={`${look} absolute right-2`}>
                <ChevronRight className="size-6" />
              </button>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
