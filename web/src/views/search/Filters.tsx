import type { ReactNode } from 'react';
import type { SearchInput } from '../../state/searching.ts';
import { useModel, useText, useUserName, useView } from '../app/context.tsx';

type Props = { input: SearchInput; onChange: (part: Partial<SearchInput>) => void };

const box = 'h-11 min-w-0 rounded-sm bg-n1 px-2 text-sm text-n12 ring-1 ring-n7 ring-inset sm:h-8';

/** Where, from whom, when, with what. */
export function Filters({ input, onChange }: Props) {
  const { t } = useText();
  const { searching } = useModel();
  const selectedId = useView((view) => view.selectedId);
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm text-n11">
      {selectedId && (
        <Check
          label={t('searchOnlyHere')}
          checked={input.conversationId !== undefined}
          onChange={(on) => onChange({ conversationId: on ? selectedId : undefined })}
        />
      )}
      <Check label={t('searchHasFile')} checked={input.hasFile} onChange={(hasFile) => onChange({ hasFile })} />
      <Labelled label={t('searchFrom')}>
        <select
          value={input.from ?? ''}
          data-testid="search-from"
          className={`${box} max-w-40`}
          onChange={(event) => onChange({ from: event.target.value || undefined })}
        >
          <option value="">{t('searchAnyone')}</option>
          {searching.people().map((id) => (
            <Person key={id} userId={id} />
          ))}
        </select>
      </Labelled>
      <Labelled label={t('searchAfter')}>
        <input
          type="date"
          className={box}
          value={input.afterDay ?? ''}
          onChange={(event) => onChange({ afterDay: event.target.value || undefined })}
        />
      </Labelled>
      <Labelled label={t('searchBefore')}>
        <input
          type="date"
          className={box}
          value={input.beforeDay ?? ''}
          onChange={(event) => onChange({ beforeDay: event.target.value || undefined })}
        />
      </Labelled>
    </div>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="flex items-center gap-2">
      {label}
      {children}
    </label>
  );
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex min-h-11 items-center gap-2 sm:min-h-8">
      <input type="checkbox" className="size-4 accent-a9" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

function Person({ userId }: { userId: string }) {
  return <option value={userId}>{useUserName(userId)}</option>;
}
