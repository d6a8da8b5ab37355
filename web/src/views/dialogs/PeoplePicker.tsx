import type { User } from '@chatcluster/protocol';
import { Check, UserSearch, X } from 'lucide-react';
import { useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { SearchField } from '../ui/Field.tsx';
import { useLookup } from './lookup.ts';

type Props = { picked: readonly User[]; onPick: (user: User) => void; withoutIds?: readonly string[] };

export function PeoplePicker({ picked, onPick, withoutIds = [] }: Props) {
  const { t } = useText();
  const { people } = useModel();
  const [query, setQuery] = useState('');
  const { items, error } = useLookup(query.trim(), people.search);
  const shown = items?.filter(({ id }) => !withoutIds.includes(id));
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <SearchField label={t('searchPeople')} data-testid="people-search" value={query} onChange={(event) => setQuery(event.target.value)} />
      {picked.length > 0 && (
        <div className="flex flex-wrap gap-1.5 pt-2">
          {picked.map((user) => (
            <button
              key={user.id}
              type="button"
              onClick={() => onPick(user)}
              className="flex h-7 items-center gap-1 rounded-full bg-a3 pr-2 pl-3 text-sm font-medium text-a11"
            >
              {user.displayName}
              <X className="size-3" aria-hidden />
            </button>
          ))}
        </div>
      )}
      <ul className="mt-2 -mx-2 h-64 overflow-y-auto">
        {shown?.map((user) => (
          <li key={user.id}>
            <button
              type="button"
              data-testid="person"
              data-user-id={user.id}
              onClick={() => onPick(user)}
              className="flex min-h-12 w-full items-center gap-3 rounded-md px-2 text-left hover:bg-n3"
            >
              <Avatar userId={user.id} size="md" />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-base font-medium">{user.displayName}</span>
                {user.statusText && <span className="block truncate text-xs text-n10">{user.statusText}</span>}
              </span>
              {user.guest && <span className="rounded-full bg-n4 px-2 text-xs text-n11">{t('guestTag')}</span>}
              {picked.some(({ id }) => id === user.id) && <Check className="size-4 text-a11" />}
            </button>
          </li>
        ))}
        {shown?.length === 0 && (
          <li className="flex flex-col items-center gap-2 py-12 text-base text-n10">
            <UserSearch className="size-6" aria-hidden />
            {t(query ? 'noPeople' : 'searchPeopleHint')}
          </li>
        )}
        {error && (
          <li role="alert" className="py-10 text-center text-sm text-danger">
            {t(error)}
          </li>
        )}
        {!shown &&
          !error &&
          [60, 45, 70].map((width) => (
            <li key={width} className="flex h-12 items-center gap-3 px-2">
              <span className="skeleton size-9 rounded-full!" />
              <span className="skeleton h-3" style={{ width: `${width}%` }} />
            </li>
          ))}
      </ul>
    </div>
  );
}

/** Adds the person, or takes the person out again. */
export function togglePicked(picked: readonly User[], user: User): User[] {
  return picked.some(({ id }) => id === user.id) ? picked.filter(({ id }) => id !== user.id) : [...picked, user];
}
