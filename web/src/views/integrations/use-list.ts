import { useCallback, useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';

/** A list of the server, read when it is shown and again after each change. `load` must stay the same function. */
export function useList<T>(load: () => Promise<T[]>) {
  const [items, setItems] = useState<readonly T[]>();
  const [error, setError] = useState<StringKey>();
  const [isBusy, setBusy] = useState(false);
  const failed = useCallback((cause: unknown) => setError(errorText(cause)), []);
  const reload = useCallback(() => load().then(setItems, failed), [load, failed]);
  useEffect(() => void reload(), [reload]);
  const run = (change: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    change()
      .then(reload, failed)
      .finally(() => setBusy(false));
  };
  return { items, error, isBusy, run, reload };
}
