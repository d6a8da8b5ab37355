import { useState } from 'react';
import { errorText, type ErrorWords } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';

/** Runs one attempt at a time and says why it failed. */
export function useAttempt(words?: ErrorWords) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<StringKey>();
  const run = async (attempt: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await attempt();
    } catch (cause) {
      setError(errorText(cause, words));
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, run };
}
