import { useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';

export interface Lookup<T> {
  items: readonly T[] | undefined;
  error: StringKey | undefined;
}

/** Asks a moment after the last key; answers that come late for an older query are dropped. */
export function useLookup<T>(query: string, ask: (query: string) => Promise<T[]>): Lookup<T> {
  const [state, setState] = useState<Lookup<T>>({ items: undefined, error: undefined });
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      ask(query).then(
        (items) => isCurrent && setState({ items, error: undefined }),
        (cause: unknown) => isCurrent && setState({ items: undefined, error: errorText(cause) }),
      );
    }, 150);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [query, ask]);
  return state;
}

/** One action at a time, with the reason when it fails. */
export function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<StringKey>();
  const run = (action: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    action().then(
      () => setBusy(false),
      (cause: unknown) => {
        setBusy(false);
        setError(errorText(cause));
      },
    );
  };
  return { isBusy, error, run };
}
