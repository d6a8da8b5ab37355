import { type Translate, useText } from '../app/context.tsx';

const usual = [7, 30, 90, 180, 365, 730, 1_825];

export const daysText = (t: Translate, days: number) => (days === 0 ? t('retentionForever') : t('retentionDays', { count: days }));

type Props = {
  label: string;
  testId: string;
  /** null: what `absent` says; 0: for ever. */
  value: number | null;
  absent: string;
  isLabelShown?: boolean;
  onChange: (value: number | null) => void;
};

/** For how many days something is kept; a number that was set by other means is offered too. */
export function DaysSelect({ label, testId, value, absent, isLabelShown = false, onChange }: Props) {
  const { t } = useText();
  const offered = value && !usual.includes(value) ? [...usual, value].toSorted((a, b) => a - b) : usual;
  return (
    <label className="flex flex-col gap-1 text-sm font-medium text-n12">
      <span className={isLabelShown ? '' : 'sr-only'}>{label}</span>
      <select
        data-testid={testId}
        className="h-11 rounded-md bg-n1 px-2 text-base font-normal text-n12 ring-1 ring-n7 ring-inset sm:h-9"
        value={value ?? ''}
        onChange={({ target }) => onChange(target.value === '' ? null : Number(target.value))}
      >
        <option value="">{absent}</option>
        <option value={0}>{t('retentionForever')}</option>
        {offered.map((days) => (
          <option key={days} value={days}>
            {daysText(t, days)}
          </option>
        ))}
      </select>
    </label>
  );
}
