import { useEffect } from 'react';
import { useModel, useText, useView } from './context.tsx';

const SHOWN_MS = 4_000;

/** One short line that goes by itself. It is always there for screen readers, which notice only what changes. */
export function Notice() {
  const { t } = useText();
  const { set } = useModel();
  const notice = useView((view) => view.notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => set({ notice: undefined }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, set]);
  return (
    <div role="status" data-testid="notice" className="pointer-events-none fixed inset-x-4 bottom-24 z-50 flex justify-center">
      {notice && <p className="rounded-md bg-n12 px-3.5 py-2 text-sm font-medium text-n1 shadow-float">{t(notice)}</p>}
    </div>
  );
}
