import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { IconButton } from '../ui/Button.tsx';

type Props = { title: string; testId: string; onClose?: () => void; children: ReactNode };

/** The column beside a conversation; below 1024 px it lies over it. */
export function Panel({ title, testId, onClose, children }: Props) {
  const { t } = useText();
  const { set } = useModel();
  return (
    <aside
      data-testid={testId}
      aria-label={title}
      className="fixed inset-0 z-30 flex flex-col bg-n1 pt-[env(safe-area-inset-top)] pr-[env(safe-area-inset-right)] pb-[env(safe-area-inset-bottom)] pl-[env(safe-area-inset-left)] sm:left-auto sm:w-[calc(360px+env(safe-area-inset-right))] sm:border-l sm:pl-0 sm:border-n6 sm:shadow-float lg:static lg:z-auto lg:w-80 lg:shrink-0 lg:pt-0 lg:pr-0 lg:shadow-none xl:w-[360px]"
    >
      <header className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5 lg:border-b lg:border-n6">
        <h2 className="truncate text-base font-semibold">{title}</h2>
        <IconButton label={t('close')} data-testid="close-panel" onClick={onClose ?? (() => set({ panel: undefined }))}>
          <X className="size-[18px]" />
        </IconButton>
      </header>
      {children}
    </aside>
  );
}
