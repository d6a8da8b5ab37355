import { useCallback, useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Pages<T> {
  items: readonly T[] | undefined;
  error: StringKey | undefined;
  hasMore: boolean;
  more(): void;
  /** Puts the changed one in the place of what was there. */
  replace(item: T): void;
}

/** A list that is loaded page by page; `load` must stay the same function until other things are wanted. */
export function usePages<T extends { id: string }>(load: (cursor: string | undefined) => Promise<Page<T>>): Pages<T> {
  const [items, setItems] = useState<readonly T[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<StringKey>();
  const take = useCallback(
    (at: string | undefined, isCurrent: () => boolean) =>
      load(at).then(
        (page) => {
          if (!isCurrent()) return;
          setItems((before) => (at === undefined ? page.items : [...(before ?? []), ...page.items]));
          setCursor(page.nextCursor);
          setError(undefined);
        },
        (cause: unknown) => isCurrent() && setError(errorText(cause)),
      ),
    [load],
  );
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => void take(undefined, () => isCurrent), 150);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [take]);
  return {
    items,
    error,
    hasMore: cursor !== null,
    more: () => void take(cursor ?? undefined, () => true),
    replace: (item) => setItems((before) => before?.map((one) => (one.id === item.id ? item : one))),
  };
}
