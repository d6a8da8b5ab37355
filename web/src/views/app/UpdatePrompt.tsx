import { Sparkles } from 'lucide-react';
import { useModel, useText, useView } from './context.tsx';

/** Offers the new version when nothing is being written. */
export function UpdatePrompt() {
  const { t } = useText();
  const { drafts } = useModel();
  const isReady = useView(
    ({ hasUpdate, editing, selectedId, drafts: texts }) => hasUpdate && !editing && !(selectedId && texts[selectedId]?.trim()),
  );
  if (!isReady) return null;
  const reload = () => {
    drafts.write();
    location.reload();
  };
  return (
    <div
      role="status"
      data-testid="update"
      className="flex min-h-9 shrink-0 flex-wrap items-center justify-center gap-x-3 bg-a3 px-4 py-1 text-sm text-a11"
    >
      <span className="flex items-center gap-2">
        <Sparkles className="size-3.5" aria-hidden />
        {t('updateReady')}
      </span>
      <button type="button" onClick={reload} className="min-h-7 rounded-sm font-semibold underline-offset-2 hover:underline">
        {t('reload')}
      </button>
    </div>
  );
}
