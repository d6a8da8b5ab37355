import { useText } from '../app/context.tsx';
import { CopyField } from './CopyField.tsx';

/** A secret: nobody can read it again. */
export function ShownOnce({ label, value, testId }: { label: string; value: string; testId: string }) {
  const { t } = useText();
  return (
    <div role="status" className="flex flex-col gap-2 rounded-md bg-a3 p-3">
      <p className="text-sm font-medium text-n12">{label}</p>
      <CopyField label={label} value={value} testId={testId} />
      <p className="text-sm text-n11">{t('webhookOnce')}</p>
    </div>
  );
}
