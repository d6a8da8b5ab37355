import { ChevronDown, ChevronUp } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useText } from '../app/context.tsx';
import { useIsBlocked } from './use-blocked.ts';

/** Folds what a blocked person wrote; one may look all the same. */
export function BlockedMessage({ actorId, children }: { actorId: string; children: ReactNode }) {
  const { t } = useText();
  const isBlocked = useIsBlocked(actorId);
  const [isShown, setShown] = useState(false);
  if (!isBlocked) return children;
  const Icon = isShown ? ChevronUp : ChevronDown;
  return (
    <>
      <button
        type="button"
        data-testid="blocked-message"
        aria-expanded={isShown}
        onClick={() => setShown(!isShown)}
        className="flex min-h-11 w-full items-center gap-2 px-4 text-left text-sm text-n10 hover:bg-n2 hover:text-n11 sm:min-h-7 sm:px-5"
      >
        <span className="flex w-9 shrink-0 justify-center">
          <Icon className="size-3.5" aria-hidden />
        </span>
        <span className="truncate italic">{t('blockedMessage')}</span>
        <span className="shrink-0 font-medium">{t(isShown ? 'hideMessage' : 'showMessage')}</span>
      </button>
      {isShown && children}
    </>
  );
}
